import type { SecureContext } from 'node:tls'

/** A private key and its certificate chain (leaf first), both PEM. */
export interface CertificatePair {
  readonly certPem: string
  readonly keyPem: string
}

/**
 * Proofs of ownership that are asked for over TLS, on the port that everybody else uses: the asker is told apart by the
 * application protocol `acme-tls/1` in its ClientHello. RFC 8737
 */
export interface AlpnChallenges {
  /** False nearly always: then no ClientHello needs to be looked at. */
  readonly isPending: boolean
  /** The context that proves ownership of this host name. */
  contextFor(servername: string | undefined): SecureContext | undefined
}

/**
 * Where the relay's TLS certificates come from: the development CA, files or ACME.
 * Engines share one behaviour, described by `certificate-source.contract.ts`.
 */
export interface CertificateSource {
  /** Reads or makes what is needed. After it, `defaultCertificate` and `secureContextFor` answer. */
  start(): Promise<void>
  /** Ends watching and renewal. Contexts that were given out stay valid. May be called twice. */
  stop(): Promise<void>
  /**
   * The context for the name of a ClientHello (in any case). A name that the source does not know, or none, gives the
   * context of the default certificate: the client, not the relay, decides whether that is good enough.
   */
  secureContextFor(servername: string | undefined): SecureContext | Promise<SecureContext>
  /** Key and chain behind {@link CertificateSource.secureContextFor}, for contexts with demands of their own. */
  pairFor(servername: string | undefined): CertificatePair | Promise<CertificatePair>
  /** Whether a certificate has, or will have, this name; `*.example.com` is a name of its own. */
  hasName(servername: string): boolean
  /** What clients get that send no name: those that dialled an address. */
  readonly defaultCertificate: CertificatePair
  /** File with the CA that clients must trust; absent when public roots or the operator's own CA signed. */
  readonly caFile?: string
  /** The same certificate as PEM text. */
  readonly caPem?: string
  /** Absent when the source never proves anything over TLS. */
  readonly alpnChallenges?: AlpnChallenges
  /** Called after certificates changed, for connections that begin from then on. @returns the function that ends it */
  onChange(callback: () => void): () => void
}
