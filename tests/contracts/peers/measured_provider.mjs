// oidc-provider in one process with its memory adapter, as bench/sso.py measures it.
// `node measured_provider.mjs PORT`: whoever comes is signed in and has agreed.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const port = Number(process.argv[2]);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'measured' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'bench',
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
    redirect_uris: ['https://clinic.example/callback'],
  }],
  claims: { openid: ['sub'], profile: ['name'] },
  conformIdTokenClaims: true,
  cookies: { keys: ['measured'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: 'Somebody' }) }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  jwks: { keys: [key] },
  pkce: { required: () => true },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) {
    await next();
    return;
  }
  const grant = new provider.Grant({ accountId: 'somebody', clientId: 'bench' });
  grant.addOIDCScope('openid profile');
  const result = { login: { accountId: 'somebody' }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(ctx.req, ctx.res, result);
  ctx.respond = false;
});

provider.listen(port, '127.0.0.1', () => console.log('ready'));
