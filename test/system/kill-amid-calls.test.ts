import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PosternProcess } from '@postern/testkit'
import { AuditFile } from '../../packages/server/src/storage/sqlite/audit-file.ts'
import { SqliteStore } from '../../packages/server/src/storage/sqlite/sqlite-store.ts'
import { checkAbandonedDatabase } from '../chaos/database-check.ts'
import { chaosSeed, createRandom } from '../chaos/random.ts'
import { type Marks, markIn, StormOfCalls } from '../chaos/storm-of-calls.ts'
import { SupervisedProgram } from '../chaos/supervised-program.ts'

const rounds = Number(process.env['POSTERN_STORM_ROUNDS'] ?? 3)
const group = '/subscriptions/storm/resourceGroups/g'

test('kill -9 amid 500 calls of the management API loses nothing that was acknowledged, and no record of it', async () => {
  const seed = chaosSeed()
  console.log(`POSTERN_CHAOS_SEED=${seed}`)
  const random = createRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'postern-calls-'))
  const dataDir = join(folder, 'data')
  const relay = new SupervisedProgram({ name: 'relay', args: relayArguments(dataDir), isReady: isReadyLine })
  try {
    let before: Marks = new Map()
    const underWay: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const door = await openDoor(relay, dataDir)
      if (round === 0) await prepare(door)
      const storm = new StormOfCalls({ ...door, group, before, seed: seed + round })
      const { end } = await storm.start()
      await wait(random.between(500, 2500))
      underWay.push(storm.underWay)
      storm.expectEnd()
      await Promise.all([relay.kill(), end])
      for (const database of ['postern.db', 'audit.db'] as const)
        assert.equal(await checkAbandonedDatabase(dataDir, database), 'ok')
      const after = await readMarks(dataDir)
      storm.check(after)
      assert.deepEqual(await withoutRecord(dataDir, storm.answered), [])
      const { code, stdout } = await PosternProcess.run(['audit', 'verify', '--data', dataDir])
      assert.equal(code, 0, stdout)
      console.log(
        `round ${round}: ${storm.answered.length} answered, ${underWay.at(-1)} under way, ${after.size} stand`,
      )
      before = after
    }
    assert.ok(Math.max(...underWay) >= 500, `at most ${Math.max(...underWay)} calls were under way`)
    // The relay itself finds what the database has.
    const door = await openDoor(relay, dataDir)
    const own = [...before.keys()].filter((key) => key.startsWith('namespaces/storm-own/'))
    for (const key of own.slice(0, 20)) {
      const path = `${group}/providers/Microsoft.Relay/${key}?api-version=2021-11-01`
      const { properties } = (await send(door, 'GET', path)) as { properties: { userMetadata: string } }
      assert.equal(markIn(properties.userMetadata), before.get(key))
    }
    await relay.stop()
    assert.deepEqual(relay.unexpectedEnds, [])
  } finally {
    await relay[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
})

interface Door {
  readonly management: string
  readonly caPem: string
  readonly token: string
}

function relayArguments(dataDir: string): readonly string[] {
  return [
    fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url)),
    ...['up', '--json', '--log-format', 'json', '--no-in-memory', '--data', dataDir],
    ...['--data-port', '0', '--management-port', '0', '--bind', '127.0.0.1', '--drain-timeout', '1s'],
    ...['--max-unauthorized-connections-per-address', '1000'],
  ]
}

function isReadyLine(line: string): boolean {
  return line.includes('"management":"https:')
}

/** Starts the relay, and signs in as the administrator that its first start has made. */
async function openDoor(relay: SupervisedProgram, dataDir: string): Promise<Door> {
  const { management, caFile } = JSON.parse(await relay.start()) as { management: string; caFile: string }
  const caPem = await readFile(caFile, 'utf8')
  const { clientId, clientSecret } = JSON.parse(await readFile(join(dataDir, 'bootstrap-admin.json'), 'utf8'))
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${management}/.default`,
  })
  const answer = await send({ management, caPem, token: '' }, 'POST', '/common/oauth2/v2.0/token', form)
  return { management, caPem, token: (answer as { access_token: string }).access_token }
}

async function prepare(door: Door): Promise<void> {
  await send(door, 'PUT', `${group}?api-version=2021-04-01`, { location: 'x' })
  const own = `${group}/providers/Microsoft.Relay/namespaces/storm-own?api-version=2021-11-01`
  await send(door, 'PUT', own, { location: 'x' })
}

/** A call that must succeed; its JSON. */
function send({ management, caPem, token }: Door, method: string, path: string, body?: object): Promise<unknown> {
  const isForm = body instanceof URLSearchParams
  const headers = {
    'Content-Type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
    ...(token !== '' && { Authorization: `Bearer ${token}` }),
  }
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`${management}${path}`, { method, headers, ca: caPem, agent: false })
    request.once('error', reject).once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => (text += more))
      response.once('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text))
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
      })
    })
    request.end(isForm ? body.toString() : JSON.stringify(body))
  })
}

/** What stands in the database that a killed relay has left, each of it whole. */
async function readMarks(dataDir: string): Promise<Marks> {
  const store = await SqliteStore.open({ dataDir })
  const marks = new Map<string, string>()
  try {
    assert.deepEqual(await store.integrityCheck(), [])
    for (const { document } of await store.list()) {
      const { kind, value } = document
      if (kind === 'hybridConnection' && value.namespace.startsWith('storm-')) {
        marks.set(`namespaces/${value.namespace}/hybridConnections/${value.name}`, markIn(value.userMetadata ?? ''))
      }
      if (kind !== 'namespace' || !value.name.startsWith('storm-family')) continue
      assert.equal(value.tags?.['mark'], value.tags?.['again'])
      marks.set(`namespaces/${value.name}`, value.tags?.['mark'] ?? '')
    }
    return marks
  } finally {
    await store.close()
  }
}

/** Answered calls of which the audit log knows nothing. */
async function withoutRecord(dataDir: string, answered: readonly string[]): Promise<readonly string[]> {
  const log = AuditFile.open(join(dataDir, 'audit.db'))
  const known = new Set<string>()
  try {
    for (let before: number | undefined; ; ) {
      const page = await log.page({ limit: 1000, kinds: ['management'], ...(before !== undefined && { before }) })
      for (const { record } of page.records) known.add(record.trackingId)
      before = page.next
      if (before === undefined) break
    }
  } finally {
    await log.close()
  }
  return answered.filter((id) => !known.has(id))
}
