import { readFile } from 'node:fs/promises'
import { dnsNamesOf, isNamed } from './domain/certificate-names.ts'
import { doubtNames } from './domain/ingress-doubts.ts'
import { findFileFaults } from './ingress/entry-files.ts'
import { checkIngressDoors, type RelayDoors } from './storage/check-ingress-doors.ts'
import { checkIngressTls } from './storage/check-ingress-tls.ts'
import { type DeclarationProblem, invalidDeclaration, problemLines } from './storage/declaration-problem.ts'
import { doubtHybridConnection } from './storage/doubt-hybrid-connection.ts'
import type { ParsedResources } from './storage/parse-declared-resources.ts'

/** What entries of a resources file depend on beside it. */
export interface IngressSurroundings extends RelayDoors {
  /** Absent with TLS off. */
  readonly tls?: {
    readonly certificates: readonly { readonly host?: string; readonly certFile: string }[]
    readonly acme?: { readonly hosts: readonly string[] }
  }
}

/**
 * Checks entries of a resources file against what is around them: doors, TLS, and the files that they name.
 * @returns what is doubtful, a line each
 * @throws {RelayError} InvalidConfiguration with everything of one kind that is wrong, a line each
 */
export async function checkIngress(parsed: ParsedResources, around: IngressSurroundings): Promise<readonly string[]> {
  checkIngressDoors(parsed, around)
  checkIngressTls(parsed, around)
  const { declaration, locate } = parsed
  const isKnown = await knownNames(around)
  const problems: DeclarationProblem[] = []
  const doubts: DeclarationProblem[] = []
  for (const [at, namespace] of declaration.namespaces.entries()) {
    for (const [entryAt, entry] of (namespace.ingress ?? []).entries()) {
      const place = ['namespaces', at, 'ingress', entryAt]
      for (const { path, message } of await findFileFaults(entry)) {
        problems.push({ path: [...place, ...path], message: `the file ${message}` })
      }
      const names = (namespace.hybridConnections ?? []).map(({ name }) => name)
      for (const { key, message } of [...doubtHybridConnection(entry, names), ...doubtNames(entry, isKnown)]) {
        doubts.push({ path: [...place, key], message })
      }
    }
  }
  if (problems.length > 0) throw invalidDeclaration(problems, locate)
  return problemLines(doubts, locate)
}

/** A certificate that cannot be read is for others to complain about: nothing is doubted then. */
async function knownNames({ tls }: IngressSurroundings): Promise<(name: string) => boolean> {
  if (!tls) return () => true
  const { certificates, acme } = tls
  if (acme) return (name) => isNamed(acme.hosts, name)
  // The development authority has a certificate for every name.
  if (certificates.length === 0) return () => true
  try {
    const all = await Promise.all(
      certificates.map(async ({ host, certFile }) =>
        host === undefined ? dnsNamesOf(await readFile(certFile, 'utf8')) : [host],
      ),
    )
    const names = all.flat()
    return (name) => isNamed(names, name)
  } catch {
    return () => true
  }
}
