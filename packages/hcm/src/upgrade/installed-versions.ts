import { execFile } from 'node:child_process'
import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { RelayError } from '@postern/protocol'
import type { ReleaseSource } from './release-source.ts'
import type { SignedRelease } from './signed-releases.ts'

const run = promisify(execFile)
const unpackTimeoutMs = 300_000
/** A slow machine loads a program for some seconds. */
const tryTimeoutMs = 60_000

/** The versions in an installation, side by side, of which `current` names one. */
export class InstalledVersions {
  readonly #home: string
  readonly #platform: string

  constructor({ home, platform }: { readonly home: string; readonly platform: string }) {
    this.#home = home
    this.#platform = platform
  }

  /** The version that `current` names. */
  async current(): Promise<string | undefined> {
    const target = await readlink(this.#path('current')).catch(() => '')
    return /^versions\/([^/]+)$/.exec(target)?.[1]
  }

  /**
   * Fetches a version, verifies it and puts it beside the others. `current` stays as it is.
   *
   * @throws {RelayError} InvalidConfiguration when it is not what was signed, or does not run here; nothing is left of it then.
   */
  async add(release: SignedRelease, source: ReleaseSource): Promise<void> {
    const { version, fileName, sha256 } = release
    const work = this.#path(`versions/.${version}.new`)
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true, mode: 0o755 })
    try {
      const archive = join(work, 'archive')
      if ((await source.fetchInto(fileName, archive)) !== sha256) {
        throw new RelayError('InvalidConfiguration', {
          message: `${fileName} is not the file whose checksum was signed: it was changed or broken on the way. Nothing was changed here`,
        })
      }
      const flags = ['--extract', '--gzip', '--no-same-owner', '--file', archive, '--directory', work]
      await run('tar', flags, { timeout: unpackTimeoutMs })
      const unpacked = join(work, `postern-${version}-${this.#platform}`)
      await demandRuns(unpacked, version)
      const place = this.#path(`versions/${version}`)
      await rm(place, { recursive: true, force: true })
      await rename(unpacked, place)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }

  /** Lets `current` name a version: at every moment it names the one or the other. */
  async switchTo(version: string): Promise<void> {
    await lstat(this.#path(`versions/${version}`))
    const temporary = this.#path('current.new')
    await rm(temporary, { force: true })
    await symlink(`versions/${version}`, temporary)
    await rename(temporary, this.#path('current'))
  }

  /** Takes a version away that nothing names. */
  async remove(version: string): Promise<void> {
    if ((await this.current()) === version) throw new Error(`${version} is the current version`)
    await rm(this.#path(`versions/${version}`), { recursive: true, force: true })
  }

  #path(name: string): string {
    return join(this.#home, name)
  }
}

async function demandRuns(place: string, version: string): Promise<void> {
  const said = await run(join(place, 'bin/hcm'), ['--version'], { timeout: tryTimeoutMs }).then(
    ({ stdout }) => stdout.trim(),
    (error: Error) => error.message,
  )
  if (said === version) return
  throw new RelayError('InvalidConfiguration', {
    message: `Version ${version} does not run here: it says "${said.slice(0, 300)}". Nothing was changed here`,
  })
}
