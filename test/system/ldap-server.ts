import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { ServerProgram } from './server-program.ts'

/** A real, empty LDAP directory below `dc=corp,dc=test`. */
export class LdapServer implements AsyncDisposable {
  readonly port: number
  readonly administrator = { name: 'cn=admin,dc=corp,dc=test', password: 'opensesame' } as const
  readonly #server: ServerProgram
  readonly #folder: string

  private constructor(port: number, server: ServerProgram, folder: string) {
    this.port = port
    this.#server = server
    this.#folder = folder
  }

  static async start(): Promise<LdapServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-ldap-'))
    mkdirSync(join(folder, 'database'))
    const port = await freePort()
    const file = join(folder, 'slapd.conf')
    writeFileSync(file, configuration(folder))
    const server = await ServerProgram.start({
      command: 'slapd',
      args: ['-d', '0', '-h', `ldap://127.0.0.1:${port}`, '-f', file],
      ready: port,
    })
    return new LdapServer(port, server, folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=corp,dc=test
rootdn cn=admin,dc=corp,dc=test
rootpw opensesame
directory ${folder}/database
`
}
