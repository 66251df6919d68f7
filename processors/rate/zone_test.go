package rate

import "time"

func zone() *time.Location { return time.FixedZone("CET", 3600) }
