import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { output, type RunningProgram, startProgram } from './run-program.ts'

/** An SMB share and who may use it. */
export interface Share {
  readonly host: string
  readonly port: number
  readonly name: string
  readonly user: { readonly name: string; readonly password: string }
}

const mountTimeoutMs = 20_000

/** A share as a folder of this machine, through FUSE: not every kernel that tests run on has `cifs`. */
export class MountedDrive implements AsyncDisposable {
  readonly folder: string
  readonly #program: RunningProgram

  private constructor(folder: string, program: RunningProgram) {
    this.folder = folder
    this.#program = program
  }

  static async mount({ host, port, name, user }: Share): Promise<MountedDrive> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-drive-'))
    const password = await output('rclone', ['obscure', '-'], { input: user.password })
    const place = `:smb,host=${host},port=${port},user=${user.name},pass=${password}:${name}`
    const flags = ['--config', '', '--vfs-cache-mode', 'off', '--dir-cache-time', '0s']
    const program = startProgram('rclone', ['mount', place, folder, ...flags], { timeoutMs: 120_000 })
    const closed = once(program, 'close')
    const said = text(program.stderr)
    program.stdout.resume()
    const signal = AbortSignal.timeout(mountTimeoutMs)
    while (!isMounted(folder)) {
      if (signal.aborted || program.exitCode !== null) {
        program.kill('SIGKILL')
        await closed
        rmSync(folder, { recursive: true })
        throw new Error(`the share cannot be mounted: ${await said}`)
      }
      await wait(50)
    }
    return new MountedDrive(folder, program)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#program, 'close')
    await output('umount', [this.folder])
    await closed
    rmSync(this.folder, { recursive: true })
  }
}

function isMounted(folder: string): boolean {
  return readFileSync('/proc/self/mounts', 'utf8').includes(` ${folder} fuse`)
}
