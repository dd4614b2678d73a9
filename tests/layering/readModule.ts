// What does a module import, and what of the outer world does it touch?
//
// Read from the syntax tree, not by regular expressions: a comment or a shader string that mentions `window` is no effect,
// and a variable of that name declared in the module is none either.
import { parseSync } from 'vite'

/** One module, seen from outside. */
export interface ModuleFacts {
  /** Repository path with forward slashes. */
  readonly path: string
  /** Specifiers of every import, re-export, `import()` and `import('...')` type. */
  readonly imports: readonly string[]
  /** Specifiers of `new URL('...', import.meta.url)`: how a Worker is reached. */
  readonly urls: readonly string[]
  /** Names that are read but declared nowhere in the module, member paths such as `navigator.gpu` included. */
  readonly globals: ReadonlySet<string>
  /** Whether the module declares nothing of its own and only passes on what others export. */
  readonly isBarrel: boolean
  readonly anyCount: number
  readonly lineCount: number
}

type SyntaxNode = { readonly type: string } & Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null && 'type' in value

const childrenOf = (node: SyntaxNode): readonly SyntaxNode[] => Object.values(node).flat().filter(isNode)

function* everyNode(node: SyntaxNode): Generator<SyntaxNode> {
  yield node
  for (const child of childrenOf(node)) yield* everyNode(child)
}

/** Type wrappers around an expression; every other TS node holds types only and has no effect at run time. */
const WRAPPERS = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression', 'TSInstantiationExpression', 'TSTypeAssertion'])

/** Children that are evaluated when the module runs, without names that are mere keys. */
function evaluatedChildren(node: SyntaxNode): readonly SyntaxNode[] {
  if (WRAPPERS.has(node.type)) return [node.expression as SyntaxNode]
  if (node.type.startsWith('TS') || node.type.startsWith('Import') || node.type.startsWith('ExportSpecifier')) return []
  const isKeyed = ['Property', 'MethodDefinition', 'PropertyDefinition'].includes(node.type)
  return Object.entries(node).flatMap(([name, value]) => {
    if (name === 'key' && isKeyed && node.computed !== true) return []
    if (name === 'property' && node.type === 'MemberExpression' && node.computed !== true) return []
    if (name === 'label') return []
    return [value].flat().filter(isNode)
  })
}

function* evaluated(node: SyntaxNode): Generator<SyntaxNode> {
  yield node
  for (const child of evaluatedChildren(node)) yield* evaluated(child)
}

const BINDERS: Readonly<Record<string, readonly string[]>> = {
  VariableDeclarator: ['id'],
  FunctionDeclaration: ['id', 'params'],
  FunctionExpression: ['id', 'params'],
  ArrowFunctionExpression: ['params'],
  ClassDeclaration: ['id'],
  CatchClause: ['param'],
  ImportSpecifier: ['local'],
  ImportDefaultSpecifier: ['local'],
  ImportNamespaceSpecifier: ['local'],
}

function declaredNames(nodes: readonly SyntaxNode[]): Set<string> {
  const patterns = nodes.flatMap((node) => (BINDERS[node.type] ?? []).flatMap((field) => [node[field]].flat().filter(isNode)))
  const identifiers = patterns.flatMap((pattern) => [...evaluated(pattern)]).filter((node) => node.type === 'Identifier')
  return new Set(identifiers.map((node) => node.name as string))
}

/** `window.x.y` as ['window', 'x', 'y'], or null where the chain starts with anything but a plain name. */
function memberPath(node: SyntaxNode): readonly string[] | null {
  if (node.type === 'Identifier') return [node.name as string]
  if (node.type === 'ChainExpression') return memberPath(node.expression as SyntaxNode)
  if (node.type !== 'MemberExpression' || node.computed === true) return null
  const path = memberPath(node.object as SyntaxNode)
  return path === null ? null : [...path, (node.property as SyntaxNode).name as string]
}

const WORLD_OBJECTS = new Set(['window', 'globalThis', 'self'])

function globalsOf(nodes: readonly SyntaxNode[], declared: ReadonlySet<string>): Set<string> {
  const globals = new Set<string>()
  for (const node of nodes) {
    const path = memberPath(node)
    if (path === null || declared.has(path[0])) continue
    globals.add(path.join('.'))
    // window.fetch is fetch, and reaching through a world object is a use of the member, not of the page.
    if (WORLD_OBJECTS.has(path[0]) && path.length > 1) globals.add(path.slice(1).join('.'))
  }
  return globals
}

const literal = (node: unknown): string[] =>
  isNode(node) && node.type === 'Literal' && typeof node.value === 'string'
    ? [node.value]
    : isNode(node) && node.type === 'TSLiteralType'
      ? literal(node.literal)
      : []

function urlSpecifier(node: SyntaxNode): string[] {
  if (node.type !== 'NewExpression') return []
  const [callee, [address, base]] = [node.callee as SyntaxNode, node.arguments as SyntaxNode[]]
  const fromHere = base?.type === 'MemberExpression' && (base.object as SyntaxNode).type === 'MetaProperty'
  return callee.type === 'Identifier' && callee.name === 'URL' && fromHere ? literal(address) : []
}

function metaMember(node: SyntaxNode): string[] {
  if (node.type !== 'MemberExpression' || (node.object as SyntaxNode).type !== 'MetaProperty') return []
  return [`import.meta.${(node.property as SyntaxNode).name as string}`]
}

/**
 * The facts that the import table judges.
 *
 * @throws {Error} when the text is no TypeScript.
 */
export function readModule(path: string, text: string): ModuleFacts {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`readModule: ${path} does not parse, got ${errors[0].message}`)
  const root = program as unknown as SyntaxNode
  const nodes = [...everyNode(root)]
  const statements = root.body as SyntaxNode[]
  const globals = globalsOf([...evaluated(root)], declaredNames(nodes))
  for (const name of nodes.flatMap(metaMember)) globals.add(name)
  return {
    path,
    imports: nodes.flatMap((node) => [...literal(node.source), ...(node.type === 'TSImportType' ? literal(node.argument) : [])]),
    urls: nodes.flatMap(urlSpecifier),
    globals,
    isBarrel:
      statements.length > 0 &&
      statements.every(
        (statement) => statement.type.startsWith('Import') || (statement.type.startsWith('Export') && !isNode(statement.declaration)),
      ),
    anyCount: nodes.filter((node) => node.type === 'TSAnyKeyword').length,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
  }
}
