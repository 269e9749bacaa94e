import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createManagementClient, signInWithClientCredentials } from '@postern/management'
import { hybridConnectionId } from '@postern/protocol'
import type { TestRelay } from '@postern/testkit'
import {
  ask,
  askAgain,
  type HcmBed,
  metadataOf,
  open,
  startBed,
  startBedRelay,
  startTarget,
} from '../hcm-bed.contract.ts'

interface Keys {
  readonly primary: string
  readonly secondary: string
}

/** A hybrid connection whose rule gets other keys, and the connection strings that they make. */
async function startRotation(relay: TestRelay, port: number): Promise<(keyType?: keyof Keys) => Promise<Keys>> {
  const { clientId, clientSecret } = relay.relay.bootstrapAdmin!
  const endpoint = relay.relay.management
  const secret = { clientId, clientSecret: clientSecret.reveal() }
  const { accessToken } = await signInWithClientCredentials({ endpoint, ...secret })
  const client = createManagementClient({ endpoint, token: () => accessToken })
  const entity = hybridConnectionId(relay.relay.server.catalog.namespaceByName('local')!, 'local', 'db')
  const version = '?api-version=2021-11-01'
  const call = async (method: string, path: string, body: unknown): Promise<Record<string, string>> =>
    (await client.request({ method, target: entity + path + version, body })).body as Record<string, string>
  await call('PUT', '', { properties: { userMetadata: metadataOf(`127.0.0.1:${port}`) } })
  await call('PUT', '/authorizationRules/listen', { properties: { rights: ['Listen'] } })
  return async (keyType) => {
    const rule = '/authorizationRules/listen'
    const keys = keyType
      ? await call('POST', `${rule}/regenerateKeys`, { keyType: `${keyType[0]?.toUpperCase()}${keyType.slice(1)}Key` })
      : await call('POST', `${rule}/listKeys`, undefined)
    return { primary: keys['primaryConnectionString']!, secondary: keys['secondaryConnectionString']! }
  }
}

async function startKeyBed(
  t: TestContext,
  relay: TestRelay,
): Promise<HcmBed & { rotate: Awaited<ReturnType<typeof startRotation>> }> {
  const target = await startTarget('one')
  t.after(() => target[Symbol.asyncDispose]())
  const rotate = await startRotation(relay, target.port)
  return { ...(await startBed(t)), rotate }
}

test('add gives one that is connected another key before the old one goes: it never stops listening, no stream ends', async (t) => {
  await using relay = await startBedRelay()
  const { control, hcm, rotate } = await startKeyBed(t, relay)
  const { primary, secondary } = await rotate()
  await control.call('add', { connectionString: primary, follow: false })
  const stream = await open(relay, 'db')
  assert.equal(await askAgain(stream, 'x'), 'one x')
  const [{ Since, Pinned } = assert.fail()] = hcm.service.list()

  const status = await control.call('add', { connectionString: secondary, follow: false })
  assert.deepEqual([status.Status, status.Since, status.Pinned], ['Connected', Since, Pinned])
  const { primary: renewed } = await rotate('primary')
  assert.equal(await askAgain(stream, 'y'), 'one y')
  assert.equal(await ask(relay, 'db', 'z'), 'one z')
  assert.equal(hcm.service.list()[0]?.Since, Since)
  await assert.rejects(control.call('add', { connectionString: secondary, follow: false }), {
    code: 'ResourceConflict',
  })
  await control.call('add', { connectionString: renewed, follow: false })
  stream.destroy()
})

test('a key that the relay refuses changes nothing', async (t) => {
  await using relay = await startBedRelay()
  const { control, hcm, rotate } = await startKeyBed(t, relay)
  const { primary } = await rotate()
  await control.call('add', { connectionString: primary, follow: false })
  const connectionString = primary.replace(/SharedAccessKey=[^;]+/, 'SharedAccessKey=guess')
  await assert.rejects(control.call('add', { connectionString, follow: false }), { code: 'TokenSignatureInvalid' })
  assert.equal(hcm.service.list()[0]?.Status, 'Connected')
  assert.equal(await ask(relay, 'db', 'x'), 'one x')
})

test('after its key was renewed behind its back, add with the new one serves again at once, and streams have gone on', async (t) => {
  await using relay = await startBedRelay()
  const { control, until, rotate } = await startKeyBed(t, relay)
  const { primary } = await rotate()
  await control.call('add', { connectionString: primary, follow: false })
  const stream = await open(relay, 'db')
  assert.equal(await askAgain(stream, 'x'), 'one x')
  const { primary: renewed } = await rotate('primary')
  await until('db', ({ Status }) => Status === 'NotFound')
  const status = await control.call('add', { connectionString: renewed, follow: false })
  assert.deepEqual([status.Status, status.Problem], ['Connected', undefined])
  assert.equal(await ask(relay, 'db', 'y'), 'one y')
  // Longer than those of one that is taken away may go on.
  const isCut = once(stream, 'close', { signal: AbortSignal.timeout(2_500) }).then(
    () => true,
    () => false,
  )
  assert.equal(await isCut, false)
  assert.equal(await askAgain(stream, 'z'), 'one z')
  stream.destroy()
})
