// Signs a person in by code and PKCE, refreshes, and reads mail, with Microsoft's own library.
//
// Two lines of JSON come in: what to sign in with, then what came back from the browser. Two go out: the address
// to open, then what was found or refused. No token is ever printed.

import { createInterface } from "node:readline";
import { CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { EnvHttpProxyAgent, setGlobalDispatcher } from "undici";

// Before version 24, Node's fetch, which the library uses, passes over HTTPS_PROXY.
setGlobalDispatcher(new EnvHttpProxyAgent());

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const write = (told) => console.log(JSON.stringify(told));

const { clientId, authority, redirectUri, scopes, username, graph, wrongVerifier } = await read();
const crypto = new CryptoProvider();
const [mine, another] = [await crypto.generatePkceCodes(), await crypto.generatePkceCodes()];
const attempt = { scopes, redirectUri, state: crypto.createNewGuid(), nonce: crypto.createNewGuid() };
const app = new PublicClientApplication({ auth: { clientId, authority } });

write({
  url: await app.getAuthCodeUrl({
    ...attempt,
    codeChallenge: mine.challenge,
    codeChallengeMethod: "S256",
    loginHint: username,
  }),
});

const answer = await read();
const redeem = (codes) =>
  app.acquireTokenByCode({ ...attempt, code: answer.code, codeVerifier: codes.verifier }, answer);

async function listSubjects(token) {
  const listed = await fetch(`${graph}/v1.0/me/messages?$select=subject`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return (await listed.json()).value.map((message) => message.subject);
}

try {
  const first = await redeem(wrongVerifier ? another : mine);
  const second = await app.acquireTokenSilent({ scopes, account: first.account, forceRefresh: true });
  write({
    username: first.account.username,
    tenantId: first.account.tenantId,
    scopes: second.scopes,
    refreshed: !second.fromCache && second.accessToken !== first.accessToken,
    subjects: await listSubjects(second.accessToken),
  });
} catch (error) {
  write({ error: error.errorCode ?? String(error), numbers: error.errorMessage?.match(/AADSTS\d+/g) });
}
process.exit(0);
