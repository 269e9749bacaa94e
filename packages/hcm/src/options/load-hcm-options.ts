import { type LoadedOptions, loadOptions, type OptionFlags, readOptionFile } from '@postern/program'
import { hcmOptionTable } from './option-table.ts'

/** Where the settings of `hcm run` come from besides their defaults. */
export interface HcmOptionSources {
  readonly flags: OptionFlags
  /** Path of a YAML file. */
  readonly file?: string | undefined
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Reads the settings of `hcm run`: flags > environment > file > default.
 * @throws {OptionsError} InvalidConfiguration with everything that is wrong
 */
export function loadHcmOptions({
  flags,
  file,
  env = process.env,
}: HcmOptionSources): LoadedOptions<typeof hcmOptionTable> {
  const loaded = loadOptions(hcmOptionTable, { flags, env, ...(file !== undefined && { file: readOptionFile(file) }) })
  // The relay and its commands have variables of their own.
  const unknownEnvironment = loaded.unknownEnvironment.filter((name) => name.startsWith('POSTERN_HCM_'))
  return { ...loaded, unknownEnvironment }
}
