import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { CertificatePair } from './certificate-source.ts'

/** The oldest TLS version that is spoken. Nothing before 1.2 can be asked for. */
export type TlsMinimum = 'TLSv1.2' | 'TLSv1.3'

/**
 * Authenticated ciphers with forward secrecy only, so that neither CBC padding nor a stolen key opens old records.
 * AES-128 first: it is the fastest where AES has instructions, and nobody breaks it.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Without SHA-1 and SHA-224, which OpenSSL would still take for TLS 1.2. */
const signatureAlgorithms = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
].join(':')

/**
 * What every context of the relay's TLS servers has in common. After a client named its host, OpenSSL takes ciphers
 * from the context of that host and tickets from the server's own: both must agree, or sessions do not resume.
 */
export function serverContextOptions(minVersion: TlsMinimum): SecureContextOptions {
  return {
    minVersion,
    ciphers,
    sigalgs: signatureAlgorithms,
    honorCipherOrder: true,
    // A client that asks for new handshakes on one connection without end would cost much more than it pays.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: 'postern',
    sessionTimeout: sessionTimeoutSeconds,
  }
}

/** How long a client may resume a session: the time in which a reconnecting agent should find the cheap way in. */
const sessionTimeoutSeconds = 7200

/** @throws when the pair does not fit together or is not PEM */
export function createServerContext(pair: CertificatePair, minVersion: TlsMinimum): SecureContext {
  return createSecureContext({ ...serverContextOptions(minVersion), cert: pair.certPem, key: pair.keyPem })
}
