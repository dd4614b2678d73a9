import type { BenchSection } from './section.ts'
export const benchPage: BenchSection = async () => []
