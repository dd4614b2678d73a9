import type { BenchSection } from './section.ts'
export const benchFused: BenchSection = async () => []
