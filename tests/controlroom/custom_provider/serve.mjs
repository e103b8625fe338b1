// A provider on the loopback, told by one line of JSON on its input: {"port", "clients"}. It says "ready" and then
// one line of JSON a token that it gave or refused: {"grant", "client", "error"}. It ends with its input.
import readline from "node:readline";

import Provider from "oidc-provider";

const lines = readline.createInterface({ input: process.stdin });
const { port, clients, accessTokenSeconds } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);

const provider = new Provider(`http://localhost:${port}`, {
  clients,
  claims: { openid: ["sub"], email: ["email"] },
  scopes: ["openid", "offline_access", "email"],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id }) }),
  pkce: { required: () => true, methods: ["S256"] },
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  conformIdTokenClaims: false,
  ttl: { AccessToken: accessTokenSeconds, RefreshToken: 86400, IdToken: 3600, Grant: 86400, Session: 86400, Interaction: 3600 },
  features: { devInteractions: { enabled: true }, clientCredentials: { enabled: true }, introspection: { enabled: true } },
  cookies: { keys: ["of no other use"] },
});
const describe = (ctx, error) => ({ grant: ctx.oidc.params?.grant_type, client: ctx.oidc.client?.clientId, error });
provider.on("grant.success", (ctx) => say(describe(ctx)));
provider.on("grant.error", (ctx, error) => say(describe(ctx, error.error)));

const server = provider.listen(port, "127.0.0.1", () => say("ready"));
lines.on("close", () => { server.close(); server.closeAllConnections(); });
