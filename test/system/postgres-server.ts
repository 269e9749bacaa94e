import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { output, type RunningProgram, startProgram } from './run-program.ts'

const versionsFolder = '/usr/lib/postgresql'

/** Where Debian keeps the server's programs, which are not on the path; undefined when it is not installed. */
export function findPostgresPrograms(): string | undefined {
  try {
    const [newest] = readdirSync(versionsFolder).toSorted((a, b) => Number(b) - Number(a))
    return newest === undefined ? undefined : join(versionsFolder, newest, 'bin')
  } catch {
    return undefined
  }
}

/** Where a server listens. */
export interface PostgresPlace {
  readonly address: string
  readonly port: number
  /** Comes before the command and runs it in another network, which takes root. */
  readonly enter?: readonly string[]
}

/** A real PostgreSQL in a folder of its own that everybody of this machine may use. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number
  readonly #server: RunningProgram
  readonly #folder: string

  private constructor(port: number, server: RunningProgram, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
  }

  /** Listens on a free port of the loopback address unless it is told where. */
  static async start(programs: string, place?: PostgresPlace): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-postgres-'))
    const user = await serverUser()
    const data = join(folder, 'data')
    await mkdir(data, { mode: 0o700 })
    if (user) for (const path of [folder, data]) await chown(path, user.uid, user.gid)
    const initdb = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync']
    await output(join(programs, 'initdb'), [...initdb, '--pgdata', data], user)
    const { address, port } = place ?? { address: '127.0.0.1', port: await freePort() }
    const settings = [`port=${port}`, `listen_addresses=${address}`, `unix_socket_directories=${folder}`, 'fsync=off']
    const flags = settings.flatMap((setting) => ['-c', setting])
    const server = startServer([join(programs, 'postgres'), '-D', data, ...flags], user, place?.enter)
    await untilReady(server)
    return new PostgresServer(port, server, folder)
  }

  /** Its Unix socket; programs of PostgreSQL want the name of the folder. */
  get socketPath(): string {
    return join(this.#folder, `.s.PGSQL.${this.port}`)
  }

  /** Environment for psql and its relatives that leads to a port of this machine; the server's own unless given. */
  environment(port: number = this.port): Record<string, string> {
    return { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGDATABASE: 'postgres' }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    // "Immediate shutdown": what is in the folder is of no use to anybody.
    this.#server.kill('SIGQUIT')
    await closed
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function startServer(
  [program = '', ...args]: readonly string[],
  user: Awaited<ReturnType<typeof serverUser>>,
  enter?: readonly string[],
): RunningProgram {
  const timeoutMs = 600_000
  if (!enter || !user) return startProgram(program, args, { ...user, timeoutMs })
  // Who enters another network is root until then.
  const become = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']
  const [first = '', ...rest] = [...enter, ...become, program, ...args]
  return startProgram(first, rest, { timeoutMs })
}

/** PostgreSQL refuses to run as root. */
async function serverUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = [await output('id', ['-u', 'postgres']), await output('id', ['-g', 'postgres'])]
  return { uid: Number(uid), gid: Number(gid) }
}

/** It tells on standard error, which is read to the end so that it never blocks. */
function untilReady(server: RunningProgram): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    server.stdout.resume()
    server.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-8192)
      if (said.includes('ready to accept connections')) resolve()
    })
    server.once('close', () => reject(new Error(`PostgreSQL did not start: ${said}`)))
  })
}
