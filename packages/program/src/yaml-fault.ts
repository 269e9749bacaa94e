/** What a YAML parser says is wrong, without the text of the file that it repeats: that may be a key. */
export function yamlFault(message: string): string {
  return message.split('\n')[0]?.split(':')[0] ?? ''
}

/**
 * Reads YAML with `read`, and gives the reason in words where the parser itself gives up: a text may be nested too deeply for
 * it, or have aliases that multiply or lead nowhere.
 */
export function readYaml<T>(read: () => T, refuse: (message: string) => Error): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw refuse('is nested too deeply')
    if (error instanceof ReferenceError) throw refuse(`has an alias too many or too few (${yamlFault(error.message)})`)
    throw error
  }
}
