// The certified oidc-provider in the place of Google's own issuer: tokens of one service account, for any audience.
// One argument: {port, client: {id, secret}, email} as JSON. Its keys stand where Google's stand.
import Provider from 'oidc-provider';

const { port, client, email } = JSON.parse(process.argv[2]);

const provider = new Provider('https://accounts.google.com', {
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  routes: { jwks: '/oauth2/v3/certs' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: '',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  extraTokenClaims: () => ({ email, email_verified: true }),
  formats: {
    customizers: {
      // Pub/Sub sends an ID token.
      jwt: (_, __, parts) => {
        parts.header = { typ: 'JWT' };
      },
    },
  },
});

provider.listen(port, '127.0.0.1');
