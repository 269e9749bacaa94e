import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatEndpoint, isRelayError, type Right } from '@postern/protocol'
import { requestCredential } from '../../auth/credential.ts'
import { type Decision, type Principal, principalName, principalReason } from '../../auth/decision.ts'
import { entityKey, type HybridConnection } from '../../domain/hybrid-connection.ts'
import { deleteAtomEntity, putAtomEntity } from '../../management/atom/atom-entities.ts'
import {
  type AtomRule,
  atomEntryContentType,
  atomError,
  atomFeedContentType,
  hybridConnectionEntry,
  hybridConnectionFeed,
} from '../../management/atom/atom-entry.ts'
import { readAtomPage } from '../../management/atom/atom-page.ts'
import { maxAtomEntryBytes, readAtomEntry } from '../../management/atom/read-atom-entry.ts'
import { etagOf } from '../../management/etag.ts'
import type { HybridConnectionWriter } from '../../management/relay/write-hybrid-connection.ts'
import type { ResourceStore } from '../../storage/resource-store.ts'
import { allowedRecord } from '../audit-records.ts'
import { authorizationQuestion } from '../authorization-question.ts'
import type { Call } from '../call.ts'
import { mayTry } from '../network-admission.ts'
import { readBody } from '../read-body.ts'
import type { Refusal } from '../refusals.ts'
import type { RelayParts } from '../relay-parts.ts'
import { whenDecided } from '../when-decided.ts'
import { type AtomSubject, atomSubject } from './atom-call.ts'

/** A call of the ATOM API on its way to an answer. */
interface AtomCall {
  readonly call: Call
  readonly subject: AtomSubject
  readonly response: ServerResponse
  readonly expectsContinue: boolean
}

type WriteCall = AtomCall & { readonly subject: Extract<AtomSubject, { kind: 'write' }> }

/** What reads ask for: any right is enough (observed). */
const anyRight: readonly Right[] = ['Listen', 'Send', 'Manage']

/**
 * Management over the data door, as .NET's GetRuntimeInformation, the HCM and NamespaceManager speak it: hybrid connections
 * are read, listed, made, changed and deleted as Atom entries.
 */
export class AtomDoor {
  readonly #parts: RelayParts
  readonly #writer: HybridConnectionWriter

  constructor({ parts, store }: { readonly parts: RelayParts; readonly store: ResourceStore }) {
    this.#parts = parts
    this.#writer = { store, documents: parts.catalog.documents, catalog: parts.catalog, now: () => new Date() }
  }

  handle(call: Call, response: ServerResponse, { expectsContinue }: { readonly expectsContinue: boolean }): void {
    const subject = atomSubject(call, this.#parts.catalog)
    const atom: AtomCall = { call, subject, response, expectsContinue }
    if (!this.#mayTry(atom)) return this.#refuse(atom, { code: 'AddressNotAllowed' })
    const decision = this.#parts.authorizer.authorize(this.#question(atom))
    const goOn = (decided: Decision): void => this.#onDecision(atom, decided)
    whenDecided(this.#parts, call.request.socket, { decision, goOn })
  }

  #onDecision(atom: AtomCall, decision: Decision): void {
    if (!decision.allowed) return this.#refuse(atom, decision)
    const { principal } = decision
    const { subject } = atom
    this.#parts.admit(atom.call.request.socket)
    switch (subject.kind) {
      case 'other':
        return this.#refuse(atom, { code: 'MethodNotAllowed', principal })
      case 'list':
        return void this.#answerSafely(atom, principal, () => this.#list(atom, principal))
      case 'read': {
        const { entity } = subject
        if (!entity) return this.#refuse(atom, { code: 'EndpointNotFound', principal })
        return void this.#answerSafely(atom, principal, () => this.#read(atom, principal, entity))
      }
      case 'write': {
        const write: WriteCall = { ...atom, subject }
        return void this.#answerSafely(atom, principal, () => this.#write(write, principal))
      }
    }
  }

  /** Whatever goes wrong is an answer. */
  async #answerSafely(atom: AtomCall, principal: Principal, answer: () => void | Promise<void>): Promise<void> {
    try {
      await answer()
    } catch (error) {
      const isOurs = isRelayError(error)
      if (!isOurs) this.#parts.log.error('atom.failed', { error, trackingId: atom.call.trackingId })
      const why = isOurs ? { code: error.code, message: error.message } : { code: 'InternalError' as const }
      this.#refuse(atom, { ...why, principal, wasAllowed: true })
    }
  }

  #read(atom: AtomCall, principal: Principal, entity: HybridConnection): void {
    this.#recordAllowed(atom, principal)
    const stored = this.#writer.documents.get('hybridConnection', entity.namespace, entity.name)
    atom.response.writeHead(200, { 'Content-Type': atomEntryContentType, ...(stored && etagOf(stored)) })
    atom.response.end(this.#entry(atom, entity))
  }

  #list(atom: AtomCall, principal: Principal): void {
    const { namespace, host, target } = atom.call
    const all = this.#writer.documents.list('hybridConnection', namespace.name)
    const { items, nextQuery } = readAtomPage(target.rawQuery, all)
    this.#recordAllowed(atom, principal)
    const selfUrl = `https://${host}${target.rawPath}`
    const feed = hybridConnectionFeed(
      items.map(({ document }) => this.#entry(atom, document.value)),
      {
        selfUrl: target.rawQuery === '' ? selfUrl : `${selfUrl}?${target.rawQuery}`,
        nextUrl: nextQuery === undefined ? undefined : `${selfUrl}?${nextQuery}`,
        updatedAt: new Date(),
      },
    )
    atom.response.writeHead(200, { 'Content-Type': atomFeedContentType })
    atom.response.end(feed)
  }

  async #write(atom: WriteCall, principal: Principal): Promise<void> {
    const { call, subject, response } = atom
    const { request, namespace } = call
    const target = { namespace, name: subject.name }
    const conditions = {
      ifMatch: request.headers['if-match'],
      ifNoneMatch: request.headers['if-none-match'],
    }
    if (request.method === 'DELETE') {
      await deleteAtomEntity(this.#writer, target, conditions)
      await this.#recordChange(atom, { principal, verb: 'delete', status: 200 })
      response.writeHead(200, { 'Content-Length': '0' })
      response.end()
      return
    }
    const body = await this.#readBody(atom)
    if (typeof body === 'string') return this.#refuse(atom, { code: body, principal, wasAllowed: true })
    const again = this.#decideAgain(atom, principal)
    if (!again.allowed) return this.#refuse(atom, again)
    const entry = readAtomEntry(body)
    const written = await putAtomEntity(this.#writer, target, { ...conditions, entry })
    const status = written.isNew ? 201 : 200
    await this.#recordChange(atom, { principal, verb: 'write', status })
    response.writeHead(status, {
      'Content-Type': atomEntryContentType,
      'Cache-Control': 'no-store',
      ...etagOf(written),
    })
    response.end(this.#entry(atom, written.entity, written.rules))
  }

  #readBody({ call, response, expectsContinue }: AtomCall): ReturnType<typeof readBody> {
    if (expectsContinue) response.writeContinue()
    return readBody(call.request, {
      maxBytes: maxAtomEntryBytes,
      timeoutMs: this.#parts.limits.handshakeTimeoutMs,
    })
  }

  #entry({ call }: AtomCall, entity: HybridConnection, rules?: readonly AtomRule[]): string {
    const { host, namespace } = call
    return hybridConnectionEntry(entity, {
      selfUrl: `https://${host}/${entity.name}`,
      author: namespace.name,
      listenerCount: this.#parts.listeners.count(entityKey(entity.namespace, entity.name)),
      ...(rules && { rules }),
    })
  }

  /** Changes need the management rules alone; reads are what listeners and senders do too. */
  #mayTry({ call, subject }: AtomCall): boolean {
    if (!mayTry(this.#parts, call, 'manage')) return false
    if (subject.kind !== 'write') return mayTry(this.#parts, call, 'listen') || mayTry(this.#parts, call, 'send')
    return call.isPrivate || call.namespace.network.publicNetworkAccess === 'Enabled'
  }

  #question({ call, subject }: AtomCall): Parameters<RelayParts['authorizer']['authorize']>[0] {
    const { namespace, target, request } = call
    const token = requestCredential(request.headers, target)?.token
    const question = authorizationQuestion(this.#parts, { namespace, entity: subject.entity, target }, token)
    return { ...question, rights: subject.kind === 'write' ? ['Manage'] : anyRight }
  }

  /** A key or role that was taken away while the body came opens nothing any more. */
  #decideAgain(atom: WriteCall, principal: Principal): Decision {
    const { catalog, authorizer } = this.#parts
    const namespace = catalog.namespaceByName(atom.call.namespace.name) ?? atom.call.namespace
    const entity = catalog.get(namespace.name, atom.subject.name)
    const now = { ...atom, call: { ...atom.call, namespace }, subject: { ...atom.subject, entity } }
    return authorizer.reauthorize(principal, this.#question(now))
  }

  #recordAllowed({ call, subject }: AtomCall, principal: Principal): void {
    this.#parts.audit.record(allowedRecord({ call: { ...call, scope: subject.scope }, action: 'atom', principal }))
  }

  /** Resolves when the record is durable: a change that is acknowledged can be found later. */
  async #recordChange(
    { call, subject }: AtomCall,
    change: { readonly principal: Principal; readonly verb: 'write' | 'delete'; readonly status: number },
  ): Promise<void> {
    const { principal, verb, status } = change
    this.#parts.audit.record({
      kind: 'management',
      at: new Date(),
      trackingId: call.trackingId,
      principal: principalName(principal),
      action: `Microsoft.Relay/namespaces/hybridConnections/${verb}`,
      scope: subject.scope,
      result: 'succeeded',
      reason: principalReason(principal),
      source: formatEndpoint({ host: call.remote.address, port: call.remote.port }),
      status,
    })
    await this.#parts.audit.flush()
  }

  #refuse(
    { call, subject, response }: AtomCall,
    why: Pick<Refusal, 'code' | 'message' | 'reason' | 'principal' | 'wasAllowed'>,
  ): void {
    const { trackingId, address, remote, request } = call
    const refusal = { ...why, stage: 'atom', trackingId, address, remote, scope: subject.scope }
    const { status, reason, text } = this.#parts.refusals.record(refusal)
    if (response.headersSent || response.destroyed) return
    // What is left of a body is not read: the connection ends with the answer.
    if (hasBody(request) && !request.complete) response.shouldKeepAlive = false
    response.writeHead(status, reason, { 'Content-Type': 'application/xml; charset=utf-8' })
    response.end(atomError({ status, detail: text }))
  }
}

/** RFC 9112 section 6.3. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
