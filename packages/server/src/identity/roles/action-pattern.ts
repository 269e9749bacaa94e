import type { RolePermission } from '../../domain/role.ts'

/** Which of a role's two kinds of actions is asked about. */
export type ActionKind = 'action' | 'dataAction'

/** Tells whether any permission of a role allows an action: named or matched, and not taken out of the same permission. */
export class ActionMatcher {
  readonly #permissions: readonly Record<ActionKind, { readonly allowed: RegExp[]; readonly except: RegExp[] }>[]

  constructor(permissions: readonly RolePermission[]) {
    this.#permissions = permissions.map(({ actions, notActions, dataActions, notDataActions }) => ({
      action: { allowed: actions.map(compile), except: notActions.map(compile) },
      dataAction: { allowed: dataActions.map(compile), except: notDataActions.map(compile) },
    }))
  }

  allows(kind: ActionKind, action: string): boolean {
    return this.#permissions.some((permission) => {
      const { allowed, except } = permission[kind]
      return matches(allowed, action) && !matches(except, action)
    })
  }
}

/** Longest pattern of a custom role that is taken. */
export const maxPatternLength = 256

/** Says what is wrong with a pattern of a custom role, undefined when nothing is. */
export function actionPatternProblem(pattern: string): string | undefined {
  if (pattern.length === 0 || pattern.length > maxPatternLength) return `must have 1 to ${maxPatternLength} characters`
  if (!/^[\w.*/-]+$/.test(pattern)) return 'may contain only letters, digits and the characters . * / - _'
  return pattern.split('*').length > maxWildCards + 1 ? `may contain at most ${maxWildCards} wild cards` : undefined
}

/** Keeps the time of a match linear in practice; Azure's own roles have one or two. */
const maxWildCards = 4

/** `*` stands for any characters, slashes included; compared without regard to case. */
function compile(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\/-]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i')
}

function matches(patterns: readonly RegExp[], action: string): boolean {
  return patterns.some((pattern) => pattern.test(action))
}
