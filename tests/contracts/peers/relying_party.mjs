// openid-client as relying party, told what to do by the test that starts it.
//
// One JSON object a line: the test writes {"do": …} to standard input, this answers on standard
// output with what came of it, or with {"error": …}. Nothing else is read or written.
import { createPrivateKey } from 'node:crypto';
import { createInterface } from 'node:readline';
import * as oidc from 'openid-client';

const METHODS = {
  none: () => oidc.None(),
  client_secret_basic: ({ secret }) => oidc.ClientSecretBasic(secret),
  client_secret_post: ({ secret }) => oidc.ClientSecretPost(secret),
  private_key_jwt: async ({ key }) => oidc.PrivateKeyJwt({ key: await imported(key), kid: key.kid }),
};

let config;
let pending;

async function imported(key) {
  const kinds = { ES256: { name: 'ECDSA', namedCurve: 'P-256' }, Ed25519: { name: 'Ed25519' },
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } };
  const pkcs8 = createPrivateKey({ key, format: 'jwk' }).export({ format: 'der', type: 'pkcs8' });
  return crypto.subtle.importKey('pkcs8', pkcs8, kinds[key.alg], false, ['sign']);
}

const steps = {
  async discover({ issuer, clientId, method, algorithm = 'ES256', ...credentials }) {
    const metadata = { id_token_signed_response_alg: algorithm };
    const authentication = await METHODS[method](credentials);
    config = await oidc.discovery(new URL(issuer), clientId, metadata, authentication, {
      execute: [oidc.allowInsecureRequests],
    });
    return config.serverMetadata();
  },
  async authorize({ pushed = false, ...parameters }) {
    const verifier = oidc.randomPKCECodeVerifier();
    pending = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce() };
    const given = {
      ...parameters,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    };
    const build = pushed ? oidc.buildAuthorizationUrlWithPAR : oidc.buildAuthorizationUrl;
    return { url: (await build(config, given)).href };
  },
  async callback({ url, maxAge }) {
    return tokens(await oidc.authorizationCodeGrant(config, new URL(url), {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      idTokenExpected: true,
      maxAge,
    }));
  },
  refresh: async ({ token }) => tokens(await oidc.refreshTokenGrant(config, token)),
  service: async ({ scope }) => oidc.clientCredentialsGrant(config, { scope }),
  async device({ scope }) {
    pending = await oidc.initiateDeviceAuthorization(config, { scope });
    return pending;
  },
  poll: async () => tokens(await oidc.pollDeviceAuthorizationGrant(config, pending)),
  userinfo: ({ token, subject }) => oidc.fetchUserInfo(config, token, subject),
  introspect: ({ token }) => oidc.tokenIntrospection(config, token),
  async revoke({ token }) {
    await oidc.tokenRevocation(config, token);
    return {};
  },
  endSession: async (parameters) => ({ url: oidc.buildEndSessionUrl(config, parameters).href }),
};

function tokens(answer) {
  return { ...answer, claims: answer.claims() };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { do: step, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = await steps[step](given);
  } catch (error) {
    const reasons = [error.message, error.error_description, error.cause?.message];
    answer = { error: error.error ?? error.code ?? error.name, reason: reasons.join(' ') };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
