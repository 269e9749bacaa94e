import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { profileFolderVariable } from '../candidates/start-processes.ts'
import { type CpuProfile, summariseProfile } from '../report/profile-summary.ts'

/** Where our processes write CPU profiles when they end. */
export class ProfileFolder {
  readonly #folder: string
  readonly #before: ReadonlySet<string>

  private constructor(folder: string) {
    this.#folder = folder
    this.#before = new Set(readdirSync(folder))
  }

  /** From now on each process of ours that is started writes one. */
  static open(path: string): ProfileFolder {
    const folder = resolve(path)
    mkdirSync(folder, { recursive: true })
    process.env[profileFolderVariable] = folder
    return new ProfileFolder(folder)
  }

  /** Name and dearest functions of each profile that has come since. */
  summaries(): readonly string[] {
    const files = readdirSync(this.#folder).filter((name) => name.endsWith('.cpuprofile') && !this.#before.has(name))
    return files.map((name) => {
      const profile: CpuProfile = JSON.parse(readFileSync(join(this.#folder, name), 'utf8'))
      return `\n${name}\n${summariseProfile(profile)}`
    })
  }
}
