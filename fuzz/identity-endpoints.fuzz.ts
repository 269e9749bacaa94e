import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import fc from 'fast-check'
import {
  addProgram,
  openTestIdentity,
  type TestIdentity,
} from '../packages/server/src/identity/identity-setup.contract.ts'
import { fuzzRun } from './fuzz-run.ts'

// What a stranger can send to the identity endpoints: no request is answered with 500, none takes long, no answer holds what
// could end a header or begin a tag, and nobody who does not know a secret gets a token.

/** Far more than any answer takes on a busy machine. */
const maxAnswerMs = 5000
/** No address is throttled: each request comes from another one. */
let requests = 0

const marker = '"><script>\u0000'
const text = fc.oneof(
  fc.constantFrom('', marker, '\r\nX: y', '__proto__', 'constructor', '\ud800', 'a'.repeat(5000), '..', '%00', 'null'),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const path = fc.oneof(
  {
    arbitrary: fc
      .tuple(
        fc.constantFrom('common', 'adfs', 'a.b-c', '%2e%2e', '', 'x'.repeat(200), '__proto__'),
        fc.constantFrom(
          '/oauth2/v2.0/token',
          '/oauth2/token',
          '/oauth2/v2.0/devicecode',
          '/v2.0/.well-known/openid-configuration',
          '/discovery/v2.0/keys',
          '/discovery/instance',
          '/token/',
        ),
      )
      .map(([tenant, rest]) => `/${tenant}${rest}`),
    weight: 6,
  },
  { arbitrary: fc.constant('/device'), weight: 3 },
  { arbitrary: text.map((rest) => `/${rest}`), weight: 1 },
)
const names = [
  ...'grant_type client_id client_secret client_assertion client_assertion_type scope resource claims client_info'.split(
    ' ',
  ),
  ...'device_code code user_code refresh_token action name password authorization_endpoint api-version'.split(' '),
]

interface Known {
  readonly setup: TestIdentity
  /** What a stranger may know of: client ids, codes, a person's name, well-formed tokens. */
  readonly values: readonly string[]
}

async function open(t: TestContext): Promise<Known> {
  const setup = await openTestIdentity(t)
  const { clientId, id } = await addProgram(setup)
  const ann = await setup.identity.directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  await setup.identity.directory.setPassword(ann.id, new Secret('correct horse battery'))
  const begun = await setup.post('/common/oauth2/v2.0/devicecode', { client_id: 'x' })
  const values = [
    ...[clientId, id, 'ann', 'x', String(begun.json['device_code']), String(begun.json['user_code'])],
    ...'client_credentials device_code refresh_token urn:ietf:params:oauth:grant-type:device_code password'.split(' '),
    ...'urn:ietf:params:oauth:client-assertion-type:jwt-bearer allow deny look 1 openid offline_access'.split(' '),
    ...[
      'https://management.azure.com/.default',
      'https://relay.azure.net//.default',
      setup.origin,
      'https://[',
      'https://a@b/',
    ],
    `${id}.${id}.${'A'.repeat(43)}`,
    assertion(
      { alg: 'RS256' },
      { iss: clientId, sub: clientId, aud: `${setup.origin}/common/oauth2/v2.0/token`, exp: 9e9 },
    ),
    assertion({ alg: 'ES256' }, { iss: clientId, sub: clientId, aud: [], exp: 1e300, nbf: 'x' }),
    assertion({ alg: 'none' }, { sub: clientId }),
  ]
  return { setup, values }
}

function assertion(header: object, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${'A'.repeat(86)}`
}

test('strangers get an answer of the right form, at once, and never a token', async (t) => {
  const { setup, values } = await open(t)
  const value = fc.oneof({ arbitrary: fc.constantFrom(...values), weight: 4 }, { arbitrary: text, weight: 1 })
  const pairs = fc.array(fc.tuple(fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 9 }, text), value), {
    maxLength: 9,
  })
  const request = fc.record({
    method: fc.oneof({ arbitrary: fc.constantFrom('POST', 'GET', 'HEAD'), weight: 9 }, { arbitrary: text, weight: 1 }),
    path,
    query: pairs,
    form: fc.option(pairs),
    headers: fc.record(
      {
        authorization: fc.oneof(
          text,
          value.map((v) => `Basic ${Buffer.from(`${v}:${v}`).toString('base64')}`),
        ),
        origin: value,
        'client-request-id': value,
      },
      { requiredKeys: [] },
    ),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path: target, query, form, headers }) => {
      requests += 1
      const began = performance.now()
      const reply = await setup.identity.endpoints.handle({
        method,
        path: target,
        query: new URLSearchParams(query),
        headers,
        ...(form && { form: new URLSearchParams(form) }),
        origin: setup.origin,
        address: `10.${(requests >> 16) & 255}.${(requests >> 8) & 255}.${requests & 255}`,
      })
      assert.ok(performance.now() - began < maxAnswerMs)
      if (reply === undefined) return
      assert.ok(reply.status !== 500 && reply.status >= 200 && reply.status < 600, reply.body)
      for (const [name, content] of Object.entries(reply.headers)) assert.match(`${name}: ${content}`, /^[\x20-\x7e]+$/)
      assert.doesNotMatch(reply.body, /<script|access_token"/)
      if (reply.headers['Content-Type']?.includes('json')) JSON.parse(reply.body)
    }),
    fuzzRun(),
  )
})
