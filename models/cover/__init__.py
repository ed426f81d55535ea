"""The cover network, which sees whether the mouth of a face is covered: drawing covers, training, scores, card."""
