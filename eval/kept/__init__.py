"""Results that are kept beside the releases, as the light core reads them."""
