// A real database and its own clients, through two forwarders and the relay, each a process, TLS on.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { findPostgresPrograms, PostgresServer } from './postgres-server.ts'
import { expectHoldings, type Holdings, measureHoldings } from './process-holdings.ts'
import { RelayProcess } from './relay-process.ts'
import { missingPrograms, output, runProgram, startProgram } from './run-program.ts'
import { Tunnel } from './tunnel.ts'

const pgbenchSeconds = Number(process.env['POSTERN_PGBENCH_SECONDS'] ?? 30)
const clients = 20
/** pgbench's unit is about 15 MiB. */
const scale = 14
const databaseBytes = 200_000_000

const programs = findPostgresPrograms() ?? ''
const skip =
  missingPrograms({ psql: 'postgresql-client', pg_dump: 'postgresql-client', pgbench: 'postgresql-contrib' }) ||
  (programs === '' && 'NOT TESTED: no PostgreSQL server: apt install postgresql')

describe('PostgreSQL through the tunnel', { skip, timeout: 300_000 }, () => {
  let postgres: PostgresServer
  let relay: RelayProcess
  let tunnel: Tunnel
  let atFirst: Holdings
  let watched: Parameters<typeof measureHoldings>[0]

  before(async () => {
    postgres = await PostgresServer.start(programs)
    await output('pgbench', ['--initialize', '--quiet', `--scale=${scale}`], { env: postgres.environment() })
    relay = await RelayProcess.start([{ name: 'db' }])
    tunnel = await Tunnel.open(relay, 'db', postgres.port)
    watched = { relay: relay.program, local: tunnel.local, remote: tunnel.remote }
    await select('1', tunnel.port)
    await relay.untilMetric('postern_active_connections', 0)
    atFirst = await measureHoldings(watched)
  })

  after(async () => {
    await tunnel?.[Symbol.asyncDispose]()
    await relay?.[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
  })

  /** Asks psql for one value. */
  async function select(expression: string, port: number): Promise<string> {
    const args = ['--no-psqlrc', '--tuples-only', '--no-align', '--command', `select ${expression}`]
    return output('psql', args, { env: postgres.environment(port) })
  }

  test('psql runs a query', async () => {
    assert.equal(await select('sum(i) from generate_series(1, 1000) as i', tunnel.port), '500500')
    assert.match(await select('version()', tunnel.port), /^PostgreSQL /)
  })

  test('an error of the database is the same as without the tunnel', async () => {
    const args = ['--no-psqlrc', '--command', 'select nobody from nowhere']
    const direct = await runProgram('psql', args, { env: postgres.environment() })
    const through = await runProgram('psql', args, { env: postgres.environment(tunnel.port) })
    assert.deepEqual([through.code, through.stderr], [direct.code, direct.stderr])
    assert.match(through.stderr, /nowhere/)
  })

  test('pg_dump of 200 MB gives what it gives without the tunnel', async (context) => {
    assert.ok(Number(await select('pg_database_size(current_database())', tunnel.port)) >= databaseBytes)
    const direct = await dump(postgres.port)
    const through = await dump(tunnel.port)
    assert.deepEqual([through.hash, through.bytes], [direct.hash, direct.bytes])
    const rate = ({ bytes, seconds }: typeof direct): string => (bytes / 1_000_000 / seconds).toFixed(0)
    context.diagnostic(`${direct.bytes} bytes of text, ${rate(through)} MB/s, directly ${rate(direct)} MB/s`)
  })

  async function dump(port: number): Promise<{ hash: string; bytes: number; seconds: number }> {
    // Newer versions put a random key into each dump unless they are given one.
    const help = await output('pg_dump', ['--help'])
    const args = help.includes('--restrict-key') ? ['--restrict-key=postern'] : []
    const startedAt = performance.now()
    const child = startProgram('pg_dump', args, { env: postgres.environment(port), timeoutMs: 120_000 })
    const closed = once(child, 'close')
    const said = text(child.stderr)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of child.stdout) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    }
    await closed
    assert.equal(child.exitCode, 0, await said)
    return { hash: hash.digest('hex'), bytes, seconds: (performance.now() - startedAt) / 1000 }
  }

  test(`pgbench runs ${clients} clients for ${pgbenchSeconds} s without a failed transaction`, async (context) => {
    const args = [`--client=${clients}`, '--jobs=2', `--time=${pgbenchSeconds}`, '--no-vacuum']
    const env = postgres.environment(tunnel.port)
    const said = await output('pgbench', args, { env, timeoutMs: (pgbenchSeconds + 60) * 1000 })
    for (const line of said.split('\n')) if (/tps|latency|processed/.test(line)) context.diagnostic(line)
    assert.match(said, /number of failed transactions: 0 /)
    assert.ok(Number(/actually processed: (\d+)/.exec(said)?.[1]) > pgbenchSeconds * clients)
  })

  test('a new connection for every transaction works as well', async (context) => {
    const args = ['--connect', `--client=${clients}`, '--jobs=2', '--transactions=20', '--select-only', '--no-vacuum']
    const said = await output('pgbench', args, { env: postgres.environment(tunnel.port), timeoutMs: 60_000 })
    for (const line of said.split('\n')) if (/tps|connection time/.test(line)) context.diagnostic(line)
    assert.match(said, new RegExp(`actually processed: ${clients * 20}/${clients * 20}$`, 'm'))
    assert.match(said, /number of failed transactions: 0 /)
  })

  test('nothing is left open afterwards', async (context) => {
    await relay.untilMetric('postern_active_connections', 0)
    assert.equal(await relay.metric('postern_pending_offers'), 0)
    assert.equal(await relay.metric('postern_unauthorized_connections'), 1, 'the one that asks')
    await expectHoldings(context, watched, atFirst)
    const others = "count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    assert.equal(await select(others, postgres.port), '0')
  })
})
