import { RelayError } from '@postern/protocol'

/** What a JMESPath gives of a result; null when there is nothing. @throws {RelayError} InvalidConfiguration */
export async function queryResult(result: unknown, query: string): Promise<unknown> {
  const { search } = await import('@jmespath-community/jmespath')
  try {
    return search((result ?? null) as never, query)
  } catch (cause) {
    const message = `--query: ${(cause as Error).message}; the language is JMESPath, such as "[].name"`
    throw new RelayError('InvalidConfiguration', { message, cause })
  }
}
