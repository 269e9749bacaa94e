import { ManagementError } from './management-error.ts'

/** The largest page, a thousand items of the longest kind, has a quarter of this. */
const maxReplyBytes = 16 * 1024 * 1024

/**
 * Reads a JSON body; undefined when it is empty.
 * @throws {ManagementError} ReplyInvalid, ReplyTooLarge
 */
export async function readJson(response: Response): Promise<unknown> {
  const text = await readText(response)
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    const { status } = response
    throw new ManagementError('ReplyInvalid', { message: 'The answer is no JSON: is this a relay?', status, cause })
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const bytes of chunksOf(response)) {
    size += bytes.length
    if (size > maxReplyBytes) {
      throw new ManagementError('ReplyTooLarge', {
        message: `The answer is longer than ${maxReplyBytes} bytes`,
        status: response.status,
      })
    }
    text += decoder.decode(bytes, { stream: true })
  }
  return text + decoder.decode()
}

/** The bytes of a body as they come; a body that is not read to its end is given up. Not every browser can iterate a stream. */
export async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // What was read to its end, or has failed, cannot be given up any more.
    await reader.cancel().catch(() => {})
  }
}

/** The error that a refused call ended with: ARM's form, the older one of Microsoft.Web, or OAuth's. */
export async function readFailure(response: Response): Promise<ManagementError> {
  const body = await readJson(response).catch(() => undefined)
  const { status } = response
  const requestId = response.headers.get('x-ms-request-id') ?? undefined
  const said = member(body, 'error')
  const source = typeof said === 'object' && said !== null ? said : body
  const code = text(member(source, 'code')) ?? text(member(source, 'Code')) ?? text(said) ?? `Http${status}`
  const message =
    text(member(source, 'message')) ??
    text(member(source, 'Message')) ??
    text(member(body, 'error_description')) ??
    `The relay answered with status ${status}`
  return new ManagementError(code, { message, status, ...(requestId !== undefined && { requestId }) })
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
