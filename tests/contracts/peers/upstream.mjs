// npm oidc-provider as another institution's provider. Settings come as one JSON argument:
// {port, clientId, clientSecret, redirectUri, algorithm}. Says "ready" when it serves.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const { port, clientId, clientSecret, redirectUri, algorithm } = JSON.parse(process.argv[2]);
const kinds = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const { privateKey } = generateKeyPairSync(...kinds[algorithm]);
const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
    id_token_signed_response_alg: algorithm,
  }],
  enabledJWA: { idTokenSigningAlgValues: [algorithm] },
  jwks: { keys: [key] },
  claims: { profile: ['name', 'roles'] },
  cookies: { keys: ['only for tests'] },
  async findAccount(_context, id) {
    return { accountId: id, claims: async () => ({ sub: id, name: `示例${id}`, roles: ['desk'] }) };
  },
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
