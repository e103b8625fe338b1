// A bot on @azure/msal-node and @microsoft/microsoft-graph-client, as Microsoft's documentation writes it.
//
// A line of JSON says where to, a report goes to standard output. No token is ever printed.

import { createInterface } from "node:readline";
import { ConfidentialClientApplication } from "@azure/msal-node";
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  FileUpload,
  LargeFileUploadTask,
  PageIterator,
} from "@microsoft/microsoft-graph-client";
import { EnvHttpProxyAgent, setGlobalDispatcher } from "undici";

// Before version 24, Node's fetch, which both libraries use, passes over HTTPS_PROXY.
setGlobalDispatcher(new EnvHttpProxyAgent());

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const told = JSON.parse((await lines.next()).value);
const app = new ConfidentialClientApplication({
  auth: {
    clientId: told.client_id,
    clientSecret: told.client_secret,
    authority: `${told.login}/${told.tenant_id}`,
  },
});
const client = Client.initWithMiddleware({
  baseUrl: told.graph,
  customHosts: new Set([new URL(told.graph).hostname]),
  authProvider: {
    getAccessToken: async () =>
      (await app.acquireTokenByClientCredential({ scopes: [`${told.graph}/.default`] })).accessToken,
  },
});
const mailbox = `/users/${told.mailbox}`;

async function listUnread() {
  const first = await client
    .api(`${mailbox}/mailFolders/inbox/messages`)
    .filter("isRead eq false")
    .select(["subject", "id"])
    .top(5)
    .get();
  const found = [];
  await new PageIterator(client, first, (message) => found.push(message)).iterate();
  return found;
}

async function followChanges(path) {
  const subjects = [];
  let removed = 0;
  for (let next = path; ; ) {
    const page = await client.api(next).get();
    for (const one of page.value) one["@removed"] ? removed++ : subjects.push(one.subject);
    if (page["@odata.deltaLink"]) return { subjects, removed, link: page["@odata.deltaLink"] };
    next = page["@odata.nextLink"];
  }
}

async function move(id) {
  const folder = await client.api(`${mailbox}/mailFolders`).post({ displayName: "Done" });
  await client.api(`${mailbox}/messages/${id}/move`).post({ destinationId: folder.id });
  return (await client.api(`${mailbox}/mailFolders/${folder.id}/messages`).get()).value[0].subject;
}

async function batch(ids) {
  // The library strips the host from an address, and Graph takes none that names its version.
  const content = new BatchRequestContent(
    [...ids, `${ids[0].slice(0, -8)}AAAAAAA=`].map((id, number) => ({
      id: number < ids.length ? String(number) : "missing",
      request: new Request(`${told.graph}${mailbox}/messages/${id}`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ isRead: true }),
      }),
    })),
  );
  const answer = new BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  return Object.fromEntries([...answer.getResponses()].map(([id, response]) => [id, response.status]));
}

async function sendLarge() {
  const content = Buffer.alloc(told.attachment_bytes, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
  const draft = await client.api(`${mailbox}/messages`).post({
    subject: "Large",
    toRecipients: [{ emailAddress: { address: told.mailbox } }],
  });
  try {
    const session = await LargeFileUploadTask.createUploadSession(
      client,
      `${mailbox}/messages/${draft.id}/attachments/createUploadSession`,
      { AttachmentItem: { attachmentType: "file", name: "large.bin", size: content.length } },
    );
    const file = new FileUpload(content, "large.bin", content.length);
    await new LargeFileUploadTask(client, file, session, { rangeSize: 10 * 320 * 1024 }).upload();
  } catch (error) {
    return `${error.statusCode} ${error.code}: ${error.message}`;
  }
  await client.api(`${mailbox}/messages/${draft.id}/send`).post({});
  return "sent";
}

const listed = await listUnread();
const read = await client
  .api(`${mailbox}/messages/${listed[0].id}`)
  .header("Prefer", 'outlook.body-content-type="text"')
  .get();
const delta = await followChanges(`${mailbox}/mailFolders/inbox/messages/delta?$select=subject`);
const report = {
  subjects: listed.map((message) => message.subject),
  body: read.body.content,
  delta,
  moved: await move(listed[0].id),
  batch: await batch(listed.slice(1, 4).map((message) => message.id)),
  upload: await sendLarge(),
};
report.changes = await followChanges(delta.link);
console.log(JSON.stringify(report));
process.exit(0);
