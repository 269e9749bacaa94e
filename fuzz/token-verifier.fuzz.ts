import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import { tenantId } from '../packages/server/src/domain/tenant.ts'
import { addProgram, openTestIdentity } from '../packages/server/src/identity/identity-setup.contract.ts'
import { isTokenRefusal } from '../packages/server/src/identity/token-authority.ts'
import { fuzzRun } from './fuzz-run.ts'

// Tokens that were damaged in every way, and tokens that our own key has signed with odd claims: nothing is thrown, and what
// is accepted was signed by us, for somebody who exists, for the plane that was asked for, and has not run out.

const odd = fc.oneof(
  fc.constantFrom(undefined, null, '', 0, -1, 1e300, Number.NaN, [], {}, true, '__proto__', ['x'], '9999999999'),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.double(),
)
const edit = fc.record({
  at: fc.nat(900),
  remove: fc.nat(9),
  insert: fc.constantFrom('', 'A', '.', '=', 'e30', '\u0000', '\ud800', '-', '..'),
})

test('a token counts only as it was signed', async (t) => {
  const setup = await openTestIdentity(t)
  const { id } = await addProgram(setup)
  const { keys, tokens } = setup.identity
  const { id: kid, privateKey } = keys.current
  const nowS = Math.floor(Date.now() / 1000)
  const claims = {
    iss: `${setup.origin}/${tenantId}/v2.0`,
    aud: 'https://relay.azure.net',
    oid: id,
    exp: nowS + 100_000,
  }
  const good = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
  const last = good.length - 1
  /** The last character of a signature has bits that mean nothing. */
  const meansTheSame = (text: string): boolean => {
    const [head, signature] = [text.slice(0, text.lastIndexOf('.')), text.slice(text.lastIndexOf('.') + 1)]
    const isHead = head === good.slice(0, good.lastIndexOf('.'))
    const bytes = Buffer.from(good.slice(good.lastIndexOf('.') + 1), 'base64url')
    return isHead && Buffer.from(signature, 'base64url').equals(bytes) && text.length === last + 1
  }
  const damaged = fc
    .array(edit, { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce((now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove), good),
    )
  const signedOddly = fc.record({
    claims: fc.dictionary(fc.constantFrom('iss', 'aud', 'oid', 'exp', 'nbf', 'iat', 'azp', 'sub', 'x'), odd, {
      maxKeys: 4,
    }),
    header: fc.dictionary(fc.constantFrom('typ', 'kid', 'crit', 'cty', 'jwk', 'b64'), odd, { maxKeys: 2 }),
  })
  await fc.assert(
    fc.asyncProperty(damaged, signedOddly, fc.string({ unit: 'binary' }), async (text, made, garbage) => {
      const result = await tokens.verify(text, 'data')
      if (!isTokenRefusal(result)) assert.ok(meansTheSame(text), text)
      assert.ok(isTokenRefusal(await tokens.verify(garbage, 'data')))
      const all = { ...claims, ...made.claims }
      const token = await sign(all, { alg: 'ES256', kid, ...made.header })
      if (token === undefined) return
      const caller = await tokens.verify(token, 'data')
      if (isTokenRefusal(caller)) return
      assert.equal(caller.id, id)
      assert.ok(typeof all.exp === 'number' && all.exp > nowS && all.iss === claims.iss && all.oid === id)
      assert.equal(tokens.verifyCached(token, 'data'), caller)
      assert.equal(tokens.verifyCached(token, 'management'), undefined)
    }),
    fuzzRun(),
  )

  /** Undefined for what the library refuses to sign. */
  async function sign(payload: Record<string, unknown>, header: Record<string, unknown>): Promise<string | undefined> {
    try {
      return await new SignJWT(payload).setProtectedHeader(header as { alg: string }).sign(privateKey)
    } catch {
      return undefined
    }
  }
})
