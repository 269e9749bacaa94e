import { RelayError } from '@postern/protocol'

const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Lines of a stream of bytes, without their ends; a last line needs none. A line is never longer in memory than it may be.
 *
 * @throws {RelayError} MessageTooLarge with the number of the line
 */
export async function* readLines(source: AsyncIterable<Uint8Array>, maxLineBytes: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let lines = 0
  const add = (part: Uint8Array): void => {
    bytes += part.length
    // One more for the carriage return.
    if (bytes > maxLineBytes + 1) throw tooLong(lines + 1, maxLineBytes)
    parts.push(part)
  }
  const take = (): Buffer => {
    const line = Buffer.concat(parts)
    parts = []
    bytes = 0
    lines += 1
    const text = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
    if (text.length > maxLineBytes) throw tooLong(lines, maxLineBytes)
    return text
  }
  for await (const chunk of source) {
    let at = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, at)) {
      add(chunk.subarray(at, end))
      at = end + 1
      yield take()
    }
    if (at < chunk.length) add(chunk.subarray(at))
  }
  if (bytes > 0) yield take()
}

function tooLong(line: number, maxLineBytes: number): RelayError {
  return new RelayError('MessageTooLarge', { message: `Line ${line} has more than ${maxLineBytes} bytes` })
}
