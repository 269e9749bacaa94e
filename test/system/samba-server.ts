import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { output } from './run-program.ts'
import { ServerProgram } from './server-program.ts'

const user = { name: 'nobody', password: 'opensesame' } as const

/** A real Samba with one share, `files`, in a folder of its own. */
export class SambaServer implements AsyncDisposable {
  readonly port: number
  readonly user: typeof user = user
  /** What is in the share. */
  readonly shared: string
  readonly #server: ServerProgram
  readonly #folder: string

  private constructor(port: number, server: ServerProgram, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
    this.shared = join(folder, 'shared')
  }

  static async start(): Promise<SambaServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-samba-'))
    for (const name of ['shared', ...privateFolders]) mkdirSync(join(folder, name))
    const port = await freePort()
    const file = join(folder, 'smb.conf')
    writeFileSync(file, configuration(folder, port))
    await output('smbpasswd', ['-c', file, '-L', '-a', '-s', user.name], {
      input: `${user.password}\n${user.password}\n`,
    })
    const server = await ServerProgram.start({
      command: 'smbd',
      args: ['--foreground', `--configfile=${file}`, '--debug-stdout'],
      ready: port,
    })
    return new SambaServer(port, server, folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const privateFolders = ['private', 'lock', 'state', 'cache', 'run', 'ncalrpc']

function configuration(folder: string, port: number): string {
  return `
[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
disable netbios = yes
smb ports = ${port}
load printers = no
disable spoolss = yes
passdb backend = smbpasswd:${folder}/private/smbpasswd
private dir = ${folder}/private
lock directory = ${folder}/lock
state directory = ${folder}/state
cache directory = ${folder}/cache
pid directory = ${folder}/run
ncalrpc dir = ${folder}/ncalrpc
[files]
path = ${folder}/shared
read only = no
force user = root
`
}
