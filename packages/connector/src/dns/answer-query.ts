import { type Answer, decode, encode } from 'dns-packet'
import { headerBytes, type Question, readQuestion } from './question.ts'

/** Whom names belong to. */
export interface NameSource {
  /** The address that stands for a name; undefined for names that are not ours. */
  addressOf(name: string): Promise<string | undefined>
  /** The name that an address stands for. */
  nameOf(address: string): string | undefined
  /** Domains below which programs look for short names: a name of ours below one of them is not there. */
  readonly searchDomains: readonly string[]
}

/** What is to be done with a query: sent back, or given to another resolver. */
export type QueryDecision =
  | { readonly kind: 'answer'; readonly message: Uint8Array }
  | { readonly kind: 'forward'; readonly question: Question }

/** Codes of RFC 1035 section 4.1.1, and of RFC 2136 where it is from there. */
export const responseCodes = {
  ok: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
} as const

const types = { a: 1, ptr: 12, any: 255 } as const
const internet = 1
/** Soon enough that a detached endpoint is forgotten; addresses never change. */
const timeToLiveSeconds = 10
/** Fits every path (DNS flag day 2020). */
const ednsBytes = 1232

/** Decides about a query: names of ours are answered, everything else is for another resolver. */
export async function answerQuery(query: Uint8Array, names: NameSource): Promise<QueryDecision> {
  const question = readQuestion(query)
  if (opcodeOf(query) !== 0) return replyWith(query, question, { code: responseCodes.notImplemented })
  if (!question) return replyWith(query, undefined, { code: responseCodes.formatError })
  const { name } = question
  if (name === undefined || question.class !== internet) return { kind: 'forward', question }
  if (question.type === types.ptr) return answerAddress(query, question, names)
  const address = await names.addressOf(`${name}.`)
  if (address === undefined) {
    if (!(await isBelowSearchDomain(name, names))) return { kind: 'forward', question }
    return replyWith(query, question, { code: responseCodes.noSuchName, zone: name })
  }
  if (question.type !== types.a && question.type !== types.any) return replyWith(query, question, { zone: name })
  return replyWith(query, question, { answers: [{ type: 'A', name, ttl: timeToLiveSeconds, data: address }] })
}

/** An answer without records. */
export function failQuery(query: Uint8Array, code: number): Uint8Array {
  const { message } = replyWith(query, readQuestion(query), { code })
  return message
}

/** A header that is not whole has no id to answer to, and an answer is nobody's question. */
export function isQuery(message: Uint8Array): boolean {
  return message.length >= headerBytes && ((message[2] ?? 0) & 0x80) === 0
}

function opcodeOf(query: Uint8Array): number {
  return ((query[2] ?? 0) >> 3) & 0xf
}

function answerAddress(query: Uint8Array, question: Question, names: NameSource): QueryDecision {
  const { name = '' } = question
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/i.exec(name)?.slice(1)
  const host = octets && names.nameOf(octets.toReversed().join('.'))
  if (host === undefined) return { kind: 'forward', question }
  return replyWith(query, question, { answers: [{ type: 'PTR', name, ttl: timeToLiveSeconds, data: host }] })
}

/** `db.corp.example.test` is asked for before `db.corp` where `example.test` is searched, and is nothing. */
async function isBelowSearchDomain(name: string, names: NameSource): Promise<boolean> {
  const lower = name.toLowerCase()
  for (const domain of names.searchDomains) {
    const rest = lower.endsWith(`.${domain}`) ? lower.slice(0, -domain.length - 1) : undefined
    if (rest?.includes('.') && (await names.addressOf(`${rest}.`)) !== undefined) return true
  }
  return false
}

interface ReplyParts {
  readonly code?: number
  readonly answers?: readonly Answer[]
  /** Says how long nothing may be taken for nothing (RFC 2308). */
  readonly zone?: string
}

function replyWith(
  query: Uint8Array,
  question: Question | undefined,
  { code = responseCodes.ok, answers = [], zone }: ReplyParts,
): { readonly kind: 'answer'; readonly message: Uint8Array } {
  const authorities: Answer[] = zone === undefined ? [] : [startOfAuthority(zone)]
  const additionals: Answer[] = hasEdns(query) ? [optRecord()] : []
  const records = encode({ type: 'response', answers: [...answers], authorities, additionals }).subarray(headerBytes)
  const header = Buffer.alloc(headerBytes)
  header.set(query.subarray(0, 2))
  // Answer, authoritative; opcode and "recursion desired" as asked. Recursion is available.
  header[2] = 0x84 | ((query[2] ?? 0) & 0x79)
  header[3] = 0x80 | code
  header.writeUInt16BE(question ? 1 : 0, 4)
  header.writeUInt16BE(answers.length, 6)
  header.writeUInt16BE(authorities.length, 8)
  header.writeUInt16BE(additionals.length, 10)
  const asked = question?.bytes.subarray(headerBytes) ?? new Uint8Array(0)
  return { kind: 'answer', message: Buffer.concat([header, asked, records]) }
}

function startOfAuthority(zone: string): Answer {
  const data = {
    mname: 'connector.invalid',
    rname: 'nobody.invalid',
    serial: 1,
    refresh: timeToLiveSeconds,
    retry: timeToLiveSeconds,
    expire: timeToLiveSeconds,
    minimum: timeToLiveSeconds,
  }
  return { type: 'SOA', name: zone, ttl: timeToLiveSeconds, data }
}

function optRecord(): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: ednsBytes,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }
}

/** Whoever sends EDNS (RFC 6891) expects it back; what cannot be read has none. */
function hasEdns(query: Uint8Array): boolean {
  try {
    return decode(Buffer.from(query)).additionals?.some(({ type }) => type === 'OPT') ?? false
  } catch {
    return false
  }
}
