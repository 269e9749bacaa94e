import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { ServerProgram } from './server-program.ts'

/** A real NFSv4 server in user space with one export, `/files`. */
export class NfsServer implements AsyncDisposable {
  readonly port: number
  /** What is in the export. */
  readonly shared: string
  readonly #server: ServerProgram
  readonly #folder: string

  private constructor(port: number, server: ServerProgram, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
    this.shared = join(folder, 'shared')
  }

  static async start(): Promise<NfsServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-nfs-'))
    for (const name of ['shared', 'recovery']) mkdirSync(join(folder, name))
    const port = await freePort()
    const file = join(folder, 'ganesha.conf')
    writeFileSync(file, configuration(folder, port))
    const server = await ServerProgram.start({
      command: 'ganesha.nfsd',
      args: ['-F', '-f', file, '-p', join(folder, 'pid'), '-L', '/dev/stdout'],
      ready: /NFS SERVER INITIALIZED/,
    })
    return new NfsServer(port, server, folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string, port: number): string {
  return `
NFS_CORE_PARAM {
  NFS_Port = ${port};
  Protocols = 4;
  Bind_addr = 127.0.0.1;
  Enable_NLM = false;
  Enable_RQUOTA = false;
  NSM_Use_Caller_Name = false;
}
NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = ${folder}/recovery; }
EXPORT_DEFAULTS { Protocols = 4; Transports = TCP; SecType = sys; Access_Type = RW; Squash = No_Root_Squash; }
EXPORT { Export_Id = 1; Path = ${folder}/shared; Pseudo = /files; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
`
}
