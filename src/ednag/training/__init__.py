"""Training networks on images: what stands where no benchmark table does."""
