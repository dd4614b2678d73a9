// How does a link of an older version become one of this version? Step by step, each version to the next.
//
// A published version is never edited here: it gets one more step at the end of the table.

/** The version that `encodeLink` writes. */
export const LINK_VERSION = 1

/** Key and value of one part of a link. */
export type LinkPair = readonly [key: string, value: string]

/** Rewrites the pairs of version k + 1 for version k + 2, k its position in the table. */
export type LinkMigration = (pairs: readonly LinkPair[]) => readonly LinkPair[]

/** Empty while there is only one version. */
export const LINK_MIGRATIONS: readonly LinkMigration[] = []

/** The pairs in the words of the newest version; versions from the future are read as they stand. */
export function migrated(
  pairs: readonly LinkPair[],
  version: number,
  migrations: readonly LinkMigration[] = LINK_MIGRATIONS,
): readonly LinkPair[] {
  return migrations.slice(Math.max(0, version - 1)).reduce((now, migration) => migration(now), pairs)
}
