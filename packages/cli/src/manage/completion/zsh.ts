import type { CommandNode } from './command-tree.ts'

/** A completion script for zsh: a file `_postern` in a folder of `$fpath`, or sourced after `compinit`. */
export function zshCompletion(tree: readonly CommandNode[]): string {
  const paths = tree.map(({ words }) => words).filter((words) => words !== '')
  const cases = tree.map(({ words, subcommands, flags }) => {
    const commands = subcommands.map(({ name, summary }) => described(name, summary))
    const options = flags.flatMap(({ names, help }) => names.map((name) => described(name, help)))
    return `    '${words}') commands=(${commands.join(' ')}) options=(${options.join(' ')}) ;;`
  })
  const values = tree.flatMap((node) =>
    node.flags
      .filter(({ takesValue }) => takesValue)
      .map(({ names, choices }) => {
        const patterns = names.map((name) => `'${node.words} ${name}'`).join('|')
        return `    ${patterns}) ${choices.length === 0 ? '_files' : `compadd -- ${choices.join(' ')}`}; return ;;`
      }),
  )
  return `#compdef postern
# zsh completion for postern: postern completion zsh > "\${fpath[1]}/_postern"
_postern() {
  local at='' word
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
    ${paths.map((path) => `'${path}'`).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  (( $#commands )) && _describe 'command' commands
  [[ $PREFIX == -* || $#commands -eq 0 ]] && _describe 'option' options
}
(( $+functions[compdef] )) && compdef _postern postern
`
}

/** `name:help` in quotes; a colon in the name would end it. */
function described(name: string, help: string): string {
  return `'${name.replaceAll(':', '\\:')}:${help.replaceAll("'", "'\\''")}'`
}
