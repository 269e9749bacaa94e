import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { answersQuestion, isAnswerTo, type Question } from './question.ts'
import type { SocketPlace } from './socket-address.ts'
import { DnsMessageReader, frameDnsMessage } from './tcp-messages.ts'

/** One query for another resolver. */
export interface ResolverQuestion {
  readonly query: Uint8Array
  readonly question: Question
  readonly resolver: SocketPlace
  readonly transport: 'udp' | 'tcp'
  readonly signal: AbortSignal
}

const maxId = 0x1_0000

/**
 * Asks a resolver and gives its answer, with the id of the query. From a socket, and so a port, of its own, with an id of its
 * own: who has not seen the question cannot answer it. What does not fit the question is passed over.
 *
 * @throws {Error} when the resolver cannot be asked; the signal's reason when it did not answer.
 */
export async function askResolver(asked: ResolverQuestion): Promise<Uint8Array> {
  const { query, question, signal } = asked
  signal.throwIfAborted()
  const id = randomInt(maxId)
  const sent = withId(query, id)
  const isMine = (message: Uint8Array): boolean => isAnswerTo(message, id) && answersQuestion(message, question)
  const answer = await (asked.transport === 'udp' ? askByUdp : askByTcp)(asked, sent, isMine)
  return withId(answer, ((query[0] ?? 0) << 8) | (query[1] ?? 0))
}

type IsMine = (message: Uint8Array) => boolean

function askByUdp({ resolver, signal }: ResolverQuestion, sent: Uint8Array, isMine: IsMine): Promise<Uint8Array> {
  const { address, port } = resolver
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners('message')
      socket.close()
      settle()
    }
    const onAbort = (): void => end(() => reject(signal.reason))
    signal.addEventListener('abort', onAbort)
    socket.on('error', (error) => end(() => reject(error)))
    socket.on('message', (message) => {
      if (isMine(message)) end(() => resolve(message))
    })
    // A connected socket takes nothing from other addresses, and hears of a port that nobody has.
    socket.connect(port, address, () => socket.send(sent))
  })
}

function askByTcp({ resolver, signal }: ResolverQuestion, sent: Uint8Array, isMine: IsMine): Promise<Uint8Array> {
  const { address, port } = resolver
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal })
    const reader = new DnsMessageReader()
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The resolver has closed the connection')))
    socket.on('connect', () => socket.write(frameDnsMessage(sent)))
    socket.on('data', (chunk) => {
      const answer = reader.push(chunk).find(isMine)
      if (!answer) return
      resolve(answer)
      socket.destroy()
    })
  })
}

function withId(message: Uint8Array, id: number): Uint8Array {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(id, 0)
  return copy
}
