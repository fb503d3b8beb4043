// The certified oidc-provider on loopback, at several issuers: the root, and one for each tenant as Entra has them.
// One argument: {port, client: {id, secret}, redirects: [uri], tenants: [id], accounts: {login: claims}} as JSON.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { port, client, redirects, tenants, accounts } = JSON.parse(process.argv[2]);
const base = `http://127.0.0.1:${port}`;

function provider(issuer) {
  const made = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: redirects }],
    pkce: { required: () => true },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'groups', 'hd', 'tid', 'xms_edov'],
    },
    conformIdTokenClaims: false,
    findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...accounts[login] }) }),
    features: { devInteractions: { enabled: true } },
  });
  return { issuer, callback: made.callback() };
}

const root = provider(base);
const mounted = new Map(tenants.map((tenant) => [`/${tenant}/v2.0`, provider(`${base}/${tenant}/v2.0`)]));
const COMMON = '/organizations/v2.0/.well-known/openid-configuration';

async function describeAll(response) {
  const [first] = mounted.values();
  const described = await (await fetch(`${first.issuer}/.well-known/openid-configuration`)).json();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ ...described, issuer: `${base}/{tenantid}/v2.0` }));
}

createServer((request, response) => {
  if (request.url === COMMON) {
    describeAll(response);
    return;
  }
  for (const [path, { callback }] of mounted) {
    if (request.url.startsWith(path)) {
      request.originalUrl = request.url;
      request.url = request.url.slice(path.length);
      callback(request, response);
      return;
    }
  }
  root.callback(request, response);
}).listen(port, '127.0.0.1');
