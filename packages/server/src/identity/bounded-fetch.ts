/** Metadata have about 2 KiB, key sets with certificate chains about 30. */
const maxBytes = 262_144

/** Fetches like `fetch`, but gives up on a body of more than 256 KiB. */
export async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    // Leaving the loop closes the connection.
    if (bytes > maxBytes) throw new Error(`${url} sends more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const { status, headers } = response
  return new Response(Buffer.concat(chunks), { status, headers })
}
