import { z } from 'zod'
import {
  type NetworkAccess,
  type NetworkAction,
  type NetworkRule,
  networkMaskProblem,
  openNetworkAccess,
} from '../domain/network-access.ts'

interface DeclaredIpRule extends Pick<NetworkRule, 'ipMask'> {
  readonly appliesTo?: NetworkRule['appliesTo'] | undefined
}

/** Who may reach a namespace, by address alone, as it is declared. */
export interface DeclaredNetworkRules {
  /** For listeners and senders that no rule names; Allow when left out. */
  readonly default?: NetworkAction | undefined
  /** In the place of `default`. */
  readonly listen?: NetworkAction | undefined
  readonly send?: NetworkAction | undefined
  /** Allow when left out, whatever `default` says. */
  readonly manage?: NetworkAction | undefined
  readonly ipRules?: readonly (string | DeclaredIpRule)[] | undefined
}

export interface DeclaredNetwork {
  readonly publicNetworkAccess?: NetworkAccess['publicNetworkAccess'] | undefined
  readonly networkRules?: DeclaredNetworkRules | undefined
}

/** As many as the management API takes. */
const maxRules = 128

const actions = ['Allow', 'Deny'] as const

function action(description: string): z.ZodOptional<z.ZodEnum<{ Allow: 'Allow'; Deny: 'Deny' }>> {
  return z.enum(actions).meta({ description }).optional()
}

const ipMask = z
  .string()
  .max(64)
  .superRefine((mask, context) => {
    const message = networkMaskProblem(mask)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

const ipRule = z.union(
  [
    ipMask,
    z.strictObject({
      ipMask,
      appliesTo: z
        .array(z.enum(['listen', 'send', 'manage']))
        .min(1)
        .meta({ description: 'What the rule lets in for; all when left out.', examples: [['send']] })
        .optional(),
    }),
  ],
  { error: 'must be an address, a network, or {ipMask: "10.0.0.0/8", appliesTo: ["send"]}' },
)

/** The keys of a namespace that say from where it is reached. */
export const declaredNetworkShape = {
  publicNetworkAccess: z
    .enum(['Enabled', 'Disabled'])
    .meta({
      description: 'Disabled: only the private door serves it. When left out: as it stands, Enabled for a new one.',
      examples: ['Enabled'],
    })
    .optional(),
  networkRules: z
    .strictObject({
      default: action('For listeners and senders that no rule names; Allow when left out.'),
      listen: action('For listeners that no rule names; the default when left out.'),
      send: action('For senders that no rule names; the default when left out.'),
      manage: action('For callers of the management API that no rule names; Allow when left out.'),
      ipRules: z
        .array(ipRule)
        .max(maxRules)
        .superRefine((rules, context) => {
          const masks = rules.map((rule) => maskOf(rule).toLowerCase())
          for (const [at, mask] of masks.entries()) {
            if (masks.indexOf(mask) < at)
              context.addIssue({ code: 'custom', path: [at], message: `"${mask}" is there already` })
          }
        })
        .meta({
          description: 'Addresses and networks that are let in, at most 128.',
          examples: [['10.0.0.0/8', { ipMask: '192.0.2.7', appliesTo: ['send'] }]],
        })
        .optional(),
    })
    .meta({
      description: 'From where it is reached. When left out: as it stands, from everywhere for a new one.',
      examples: [{ default: 'Deny', ipRules: ['10.0.0.0/8'] }],
    })
    .optional(),
} as const

/**
 * Network access as it is declared. Whole keys that are left out stay as they stand: a file that begins to own a namespace
 * opens nothing that somebody closed.
 */
export function networkOf(declared: DeclaredNetwork, standing: NetworkAccess = openNetworkAccess): NetworkAccess {
  const { publicNetworkAccess = standing.publicNetworkAccess, networkRules } = declared
  if (networkRules === undefined) return { ...standing, publicNetworkAccess }
  const { default: defaultAction = 'Allow', listen, send, manage, ipRules = [] } = networkRules
  return {
    publicNetworkAccess,
    defaultAction,
    defaultActions: {
      ...(listen && { listen }),
      ...(send && { send }),
      ...(manage && { manage }),
    },
    rules: ipRules.map(ruleOf),
    trustedServiceAccessEnabled: standing.trustedServiceAccessEnabled,
  }
}

function ruleOf(rule: string | DeclaredIpRule): NetworkRule {
  const ipMask = maskOf(rule)
  const appliesTo = typeof rule === 'string' ? undefined : rule.appliesTo
  return appliesTo ? { ipMask, appliesTo: [...new Set(appliesTo)] } : { ipMask }
}

function maskOf(rule: string | DeclaredIpRule): string {
  return typeof rule === 'string' ? rule : rule.ipMask
}
