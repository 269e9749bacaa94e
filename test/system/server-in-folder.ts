import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { ServerProgram, type ServerProgramOptions } from './server-program.ts'

/** What a server is given for itself alone. */
export interface ServerPlace {
  readonly folder: string
  readonly port: number
}

/** What one server needs that others do not. */
export interface ServerInFolderOptions {
  readonly name: string
  /** Folders that it must find in its own. */
  readonly folders: readonly string[]
  /** Writes its configuration, and says how it is started with it. */
  readonly prepare: (place: ServerPlace) => ServerProgramOptions | Promise<ServerProgramOptions>
}

/** A server of the system with a port of the loopback address and a folder, which goes with it. */
export class ServerInFolder implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #program: ServerProgram

  private constructor({ port, folder }: ServerPlace, program: ServerProgram) {
    this.port = port
    this.#folder = folder
    this.#program = program
  }

  static async start({ name, folders, prepare }: ServerInFolderOptions): Promise<ServerInFolder> {
    const folder = mkdtempSync(join(tmpdir(), `postern-${name}-`))
    for (const inner of folders) mkdirSync(join(folder, inner))
    const place = { folder, port: await freePort() }
    return new ServerInFolder(place, await ServerProgram.start(await prepare(place)))
  }

  /** Where something is in its folder. */
  path(...names: readonly string[]): string {
    return join(this.#folder, ...names)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
