import type { BenchSection } from './section.ts'
export const benchInstruments: BenchSection = async () => []
