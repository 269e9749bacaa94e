import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { ServerProgram } from './server-program.ts'

/** Where an FTP server waits for the data connections of passive mode. */
export interface PassivePorts {
  readonly first: number
  readonly last: number
  /** The address that it tells its clients. */
  readonly address: string
}

/** A real FTP server for anonymous users, who may put files into `incoming`. */
export class FtpServer implements AsyncDisposable {
  readonly port: number
  readonly shared: string
  readonly #server: ServerProgram
  readonly #folder: string

  private constructor(port: number, server: ServerProgram, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
    this.shared = join(folder, 'shared')
  }

  static async start(passive: PassivePorts): Promise<FtpServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-ftp-'))
    for (const name of ['shared', 'shared/incoming', 'empty']) mkdirSync(join(folder, name))
    // Anonymous users are the system's user ftp, of whom nothing here is the property.
    chmodSync(folder, 0o755)
    chmodSync(join(folder, 'shared/incoming'), 0o777)
    const port = await freePort()
    const file = join(folder, 'vsftpd.conf')
    writeFileSync(file, configuration(folder, port, passive))
    const server = await ServerProgram.start({ command: 'vsftpd', args: [file], ready: port })
    return new FtpServer(port, server, folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string, port: number, passive: PassivePorts): string {
  return `listen=YES
listen_address=127.0.0.1
listen_port=${port}
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_umask=022
anon_root=${folder}/shared
secure_chroot_dir=${folder}/empty
seccomp_sandbox=NO
pasv_min_port=${passive.first}
pasv_max_port=${passive.last}
pasv_address=${passive.address}
xferlog_enable=NO
`
}
