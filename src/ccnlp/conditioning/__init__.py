"""Culture given to the model: what is known of a text beside its words, on its way to the network.

Neither tasks nor heads know of it. It stands between a batch and the encoder.
"""
