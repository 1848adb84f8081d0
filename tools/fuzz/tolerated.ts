/** Faults of the driver that are known and not yet mended: what shows them is not generated. */
export const tolerated = {
  /** Other content beside the same item is a repetition. */
  otherContentBesideItem: true,
};
