// Follows alerts with graphql-ws and tokens from the arguments, the next one for each connection; prints what happens.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const tokens = process.argv.slice(2);
const payload = { query: "subscription($after: Cursor) { alertRaised(after: $after) { ... on AlertRaised { alert { title } } } }" };
const client = createClient({
  url: process.env.CLOUDWATCHER_URL.replace(/^http/, "ws") + "/graphql",
  webSocketImpl: WebSocket,
  connectionParams: () => ({ accessToken: tokens.length > 1 ? tokens.shift() : tokens[0] }),
  retryAttempts: 3,
  retryWait: (retries) => new Promise((go) => setTimeout(go, 100 * 2 ** retries)),
  shouldRetry: () => true,
  on: {
    ping: (received, told) => received && told?.cursor && (payload.variables = { after: told.cursor }),
    closed: ({ code, reason }) => console.log(`closed ${code} ${reason}`),
  },
});
client.subscribe(payload, {
  next: (result) => {
    payload.variables = { after: result.extensions.cursor };
    console.log(result.data.alertRaised.alert.title);
  },
  error: () => process.exit(1),
  complete: () => {},
});
