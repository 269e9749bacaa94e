// What an application does with private services, knowing nothing but their names; prints what came of it as JSON.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { output } from './run-program.ts'

/** What the application is told, as its only argument in JSON. */
export interface UseOptions {
  /** Where the `pg` package is found. */
  readonly packages: string
  readonly caFile: string
  readonly sshKeyFile: string
  readonly sshUser: string
  /** Also psql, redis-cli, curl and ssh. */
  readonly withPrograms: boolean
}

/** The answer of each service; of a service that was not asked there is none. */
export interface UseResults {
  readonly uid: number
  readonly folder: string
  readonly pg: string
  readonly fetch: string
  readonly tls: string
  readonly psql?: string
  readonly redis?: string
  readonly curl?: string
  readonly ssh?: string
}

interface PgClient {
  connect(): Promise<void>
  query(text: string): Promise<{ readonly rows: readonly { readonly answer: string }[] }>
  end(): Promise<void>
}

const options = JSON.parse(process.argv[2] ?? '') as UseOptions

async function askPg(): Promise<string> {
  const { Client } = createRequire(options.packages)('pg') as { Client: new (settings: object) => PgClient }
  const client = new Client({ host: 'db.corp', port: 5432, user: 'postgres', database: 'postgres' })
  await client.connect()
  const { rows } = await client.query("select 'pg by name' as answer")
  await client.end()
  return rows[0]?.answer ?? ''
}

/** Only who names the host in the handshake, and finds it in the certificate, gets an answer. */
async function askTls(): Promise<string> {
  return text(connect({ host: 'secure.corp', port: 8443, ca: readFileSync(options.caFile) }))
}

async function runPrograms(): Promise<Pick<UseResults, 'psql' | 'redis' | 'curl' | 'ssh'>> {
  const database = ['-h', 'db.corp', '-p', '5432', '-U', 'postgres', 'postgres']
  const unasked = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  const login = ['-F', 'none', '-i', options.sshKeyFile, '-p', '2222', ...unasked.flatMap((word) => ['-o', word])]
  const [psql, redis, curl, ssh] = await Promise.all([
    output('psql', [...database, '--no-psqlrc', '-tAc', "select 'psql by name'"]),
    output('redis-cli', ['-h', 'cache.corp', '-p', '8080', '--raw', 'echo', 'redis by name']),
    output('curl', ['-sS', '--noproxy', '*', 'http://web.corp:8080/by-name']),
    output('ssh', [...login, `${options.sshUser}@ssh.corp`, 'echo ssh by name; id -un']),
  ])
  return { psql, redis, curl, ssh }
}

const [pg, fetched, tls, programs] = await Promise.all([
  askPg(),
  fetch('http://web.corp:8080/fetch').then((response) => response.text()),
  askTls(),
  options.withPrograms ? runPrograms() : {},
])
const results: UseResults = {
  uid: process.getuid?.() ?? -1,
  folder: process.cwd(),
  pg,
  fetch: fetched,
  tls,
  ...programs,
}
process.stdout.write(`${JSON.stringify(results)}\n`)
